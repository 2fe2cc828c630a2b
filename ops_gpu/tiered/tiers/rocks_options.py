"""RocksDB's options for stores: rows as bytes, small caches, errors where something is damaged."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops_gpu.tiered.rows.store_settings import StoreSettings

if TYPE_CHECKING:
    from rocksdict import Options

BLOCK = 4096
"""Bytes of a block, one read of the disk; smaller ones only make the index larger."""


def rocks_options(settings: StoreSettings) -> Options:
    """The options of a store's database.

    In raw mode keys and values are bytes: RocksDict then never unpickles anything. There are no filters on the
    last level, where nearly all rows lie: they would take 1.25 bytes a row, and most keys that are asked for exist.
    """
    from rocksdict import BlockBasedOptions, Cache, DBCompressionType, Options

    blocks = BlockBasedOptions()
    blocks.set_block_size(BLOCK)
    blocks.set_format_version(5)
    blocks.set_block_cache(Cache(settings.block_cache_bytes))
    blocks.set_bloom_filter(10, False)
    options = Options(raw_mode=True)
    options.set_block_based_table_factory(blocks)
    options.set_optimize_filters_for_hits(True)
    options.set_compression_type(DBCompressionType.none())
    options.set_use_direct_reads(settings.direct_io)
    options.set_use_direct_io_for_flush_and_compaction(settings.direct_io)
    options.set_write_buffer_size(settings.write_buffer_bytes)
    options.set_max_write_buffer_number(2)
    options.set_max_background_jobs(2)
    options.set_max_open_files(-1)  # a follower must hold the files that the writer removes
    options.set_paranoid_checks(True)
    options.set_keep_log_file_num(2)
    options.set_max_log_file_size(1 << 20)
    options.set_stats_dump_period_sec(0)
    options.set_stats_persist_period_sec(0)
    options.create_if_missing(False)
    return options


def table_options() -> Options:
    """The options with which table files are written: no filters, as above."""
    from rocksdict import BlockBasedOptions, DBCompressionType, Options

    blocks = BlockBasedOptions()
    blocks.set_block_size(BLOCK)
    blocks.set_format_version(5)
    options = Options(raw_mode=True)
    options.set_block_based_table_factory(blocks)
    options.set_compression_type(DBCompressionType.none())
    return options
