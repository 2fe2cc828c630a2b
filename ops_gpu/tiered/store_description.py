"""StoreDescription: what a store says of itself, in a file of its own that is written last."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ops_gpu.tiered.rows.keys import KeyType
from ops_gpu.tiered.rows.row_format import RowFormat
from ops_gpu.tiered.rows.store_error import StoreError

FORMAT = 1
FILE = "store.json"


@dataclass(frozen=True)
class StoreDescription:
    """`store.json` of a store.

    Args:
        keys: what keys are.
        rows: the format of rows.
        files: sizes of the table files, in the order of keys; none for a store that may be written to, whose
            database keeps its own account.
        mutable: whether it may be written to.
        count: rows at the beginning.
        mean_bytes: of a key and its row, at the beginning.
    """

    keys: KeyType
    rows: RowFormat
    files: Mapping[str, int]
    mutable: bool
    count: int
    mean_bytes: float

    def save(self, folder: Path) -> None:
        """Writes the file, and waits until the disk has it."""
        data: dict[str, Any] = {"format": FORMAT, "keys": self.keys.value, "rows": self.rows.to_dict()}
        data |= {"files": dict(self.files), "mutable": self.mutable}
        data |= {"count": self.count, "mean_bytes": round(self.mean_bytes, 1)}
        with (folder / FILE).open("w", encoding="utf-8") as file:
            file.write(json.dumps(data, indent=2) + "\n")
            file.flush()
            os.fsync(file.fileno())

    @classmethod
    def load(cls, folder: Path) -> StoreDescription:
        """Reads what `save` wrote, and checks that all files are there in full.

        Raises:
            StoreError: when there is no store, or it is damaged.
        """
        path = folder / FILE
        if not path.is_file():
            raise StoreError(f"{folder} is no store, or one that was not written to its end: it has no {FILE}.")
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
            if data.pop("format") != FORMAT:
                raise ValueError("it is of another format")
            keys, rows = KeyType(data.pop("keys")), RowFormat.from_dict(data.pop("rows"))
            found = cls(keys=keys, rows=rows, **data)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise StoreError(f"{path} is damaged, or of another version ({error!r}); build the store anew.") from error
        for name, size in found.files.items():
            file = folder / name
            actual = file.stat().st_size if file.is_file() else None
            if actual != size:
                state = "is missing" if actual is None else f"has {actual} bytes"
                raise StoreError(f"{file} {state}, expected {size} bytes; build the store anew.")
        return found
