"""Tiers: memory, and disk by RocksDB."""
