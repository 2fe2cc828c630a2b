"""StoreSettings: how a store is opened."""

from __future__ import annotations

from dataclasses import dataclass

LEAST_MEMORY = 8 << 20


@dataclass(frozen=True)
class StoreSettings:
    """Memory, disk and what happens to keys that are not in memory.

    Args:
        memory_bytes: for hot rows, RocksDB's caches, indexes and write buffers together. The system's page cache
            comes on top unless `direct_io`.
        direct_io: whether files are read past the page cache, so that the store needs no more memory than the
            above; not every file system can (tmpfs cannot).
        read_threads: reads of the disk at once. They wait more than they compute: more than there are cores is
            right for anything but a spinning disk.
        background_above: the share of a batch's keys found in memory from which the others are not waited for:
            they are answered with the default row, marked as pending, and fetched in the background. None always
            waits, 0 never.
        durable: whether a write waits until the disk has it, so that it outlives a power cut. Writes outlive the
            end of the process in any case.
        refresh_seconds: how soon a follower sees what the writer, another process, has written.

    Raises:
        ValueError: when one of them is out of range.
    """

    memory_bytes: int = 256 << 20
    direct_io: bool = False
    read_threads: int = 8
    background_above: float | None = None
    durable: bool = False
    refresh_seconds: float = 0.1

    def __post_init__(self) -> None:
        if self.memory_bytes < LEAST_MEMORY:
            raise ValueError(f"memory_bytes is {self.memory_bytes:,}, expected {LEAST_MEMORY:,} or more.")
        if self.read_threads < 1:
            raise ValueError(f"read_threads is {self.read_threads}, expected 1 or more.")
        if self.background_above is not None and not 0 <= self.background_above <= 1:
            raise ValueError(f"background_above is {self.background_above}, expected a share from 0 to 1, or None.")
        if self.refresh_seconds <= 0:
            raise ValueError(f"refresh_seconds is {self.refresh_seconds}, expected more than 0.")

    @property
    def block_cache_bytes(self) -> int:
        """For RocksDB's blocks: few, since the rows of a block have nothing to do with each other."""
        return min(self.memory_bytes // 32, 64 << 20)

    @property
    def write_buffer_bytes(self) -> int:
        """For each of the two buffers that collect writes."""
        return min(self.memory_bytes // 16, 64 << 20)
