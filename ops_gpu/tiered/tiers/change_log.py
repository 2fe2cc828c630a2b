"""ChangeLog: which keys a writer has changed, for the memory of those who follow it in other processes."""

from __future__ import annotations

import mmap
import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ops_gpu.primitives.stable_hash import Hashes

if TYPE_CHECKING:
    from rocksdict import Rdict, WriteBatch

NEWEST = b"n"
CHANGE = b"c"
KEPT = 4096
"""Changes that are kept; who lags behind by more forgets everything."""
FILE = "changes"


class ChangeLog:
    """Numbered changes, written into the database in one piece with the rows that they are about.

    The newest number also stands in a file that every process maps into its memory: looking whether there is
    anything new costs nothing. The database is what counts; the file is a hint.

    Args:
        database: where the changes are written to or read from.
        folder: the store's folder.
        writes: whether this process is the writer.
    """

    def __init__(self, database: Rdict, folder: Path, writes: bool) -> None:
        self._database = database
        self._number = self._stored()
        path = folder / FILE
        with path.open("r+b" if path.exists() else "w+b") as file:
            if os.fstat(file.fileno()).st_size < 8:
                file.write(bytes(8))
                file.flush()
            self._map = mmap.mmap(file.fileno(), 8)
        self._hint = np.frombuffer(self._map, np.int64)
        if writes:
            self._hint[0] = self._number

    def note(self, batch: WriteBatch, tags: Hashes) -> None:
        """Adds the next change to a batch that is about to be written."""
        number = self._number + 1
        batch.put(CHANGE + _bytes(number), tags.tobytes())
        batch.put(NEWEST, _bytes(number))
        if number > KEPT:
            batch.delete(CHANGE + _bytes(number - KEPT))

    def written(self) -> None:
        """Tells the followers, when the batch was written."""
        self._number += 1
        self._hint[0] = self._number

    @property
    def is_behind(self) -> bool:
        """Whether there seems to be something new."""
        return int(self._hint[0]) != self._number

    def catch_up(self) -> Hashes | None:
        """Takes over what the writer has written; tags of the keys that changed, None where they may be any."""
        self._database.try_catch_up_with_primary()
        newest = self._stored()
        numbers = range(self._number + 1, newest + 1)
        whole = newest >= self._number and len(numbers) < KEPT
        changes: list[bytes | None] = [None]
        if whole:
            changes = [self._database.get(CHANGE + _bytes(number)) for number in numbers]
        self._number = newest
        known = [change for change in changes if change is not None]
        return np.frombuffer(b"".join(known), np.uint64) if len(known) == len(changes) else None

    def close(self) -> None:
        """Unmaps the file."""
        del self._hint
        self._map.close()

    def _stored(self) -> int:
        found = self._database.get(NEWEST)
        return 0 if found is None else int.from_bytes(found, "big")


def _bytes(number: int) -> bytes:
    return number.to_bytes(8, "big")
