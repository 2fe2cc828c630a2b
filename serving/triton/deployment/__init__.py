"""Releases that go live, wait for a decision, come back, and are let go."""
