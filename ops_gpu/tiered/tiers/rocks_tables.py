"""Table files of RocksDB: written in the order of keys, and taken over by a database."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy.typing as npt

from ops_gpu.tiered.rows.keys import KeyBatch, KeyType
from ops_gpu.tiered.rows.row_format import RowFormat
from ops_gpu.tiered.tiers.rocks_options import table_options

if TYPE_CHECKING:
    from rocksdict import Rdict

FILE_BYTES = 256 << 20

Batches = Iterable[tuple[npt.ArrayLike, Mapping[str, Any]]]


@dataclass(frozen=True)
class Written:
    """What was written.

    Args:
        files: sizes in bytes by name, in the order of keys.
        rows: how many there are.
        mean_bytes: of a key and its row.
    """

    files: Mapping[str, int]
    rows: int
    mean_bytes: float


class TableWriter:
    """Writes rows in the order of their keys into as many files as are needed.

    Args:
        folder: there already.
        keys: what keys are.
        rows: the format.
    """

    def __init__(self, folder: Path, keys: KeyType, rows: RowFormat) -> None:
        self._folder, self._keys, self._format = folder, keys, rows
        self._files: dict[str, int] = {}
        self._last: bytes | None = None
        self._rows = self._bytes = 0

    def write(self, batches: Batches) -> Written:
        """Writes all batches.

        Args:
            batches: keys and columns; in any order within a batch, where the last of equal keys counts, and
                rising from batch to batch.

        Raises:
            ValueError: when a batch has keys that are not above all before them.
        """
        from rocksdict import SstFileWriter

        waiting = iter(batches)
        pending = next(waiting, None)
        while pending is not None:
            path, size = self._folder / f"rows-{len(self._files):05}.sst", 0
            writer = SstFileWriter(table_options())
            writer.open(str(path))
            while pending is not None and size < FILE_BYTES:
                size += self._add(writer, *pending)
                pending = next(waiting, None)
            if size:
                writer.finish()
                self._files[path.name] = settled(path)
        return Written(self._files, self._rows, self._bytes / max(1, self._rows))

    def _add(self, writer: Any, keys: npt.ArrayLike, columns: Mapping[str, Any]) -> int:
        batch = KeyBatch.of(keys, self._keys)
        rows = self._format.encode(columns)
        if len(rows) != len(batch):
            raise ValueError(f"There are {len(batch)} keys and {len(rows)} rows; give one row a key.")
        order = batch.last_of_each()
        names, values = batch.take(order).encoded(), rows[order].tolist()
        if not names:
            return 0
        if self._last is not None and names[0] <= self._last:
            raise ValueError(
                f"Key {batch.keys[order[0]]!r} comes after a larger one; give batches in rising order of their keys, "
                "or all rows in one batch."
            )
        self._last = names[-1]
        deque(map(writer.__setitem__, names, values), maxlen=0)
        size = sum(map(len, names)) + sum(map(len, values))
        self._rows, self._bytes = self._rows + len(names), self._bytes + size
        return size


def settled(path: Path) -> int:
    """Waits until the disk has a file, gives back its page cache, and tells its size."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        return os.fstat(descriptor).st_size
    finally:
        os.close(descriptor)


def take_over(database: Rdict, files: Iterable[Path]) -> None:
    """Moves table files into a database; a link is moved as a link."""
    from rocksdict import IngestExternalFileOptions

    options = IngestExternalFileOptions()
    options.set_move_files(True)
    names = [str(path) for path in files]
    if names:
        database.ingest_external_file(names, options)
