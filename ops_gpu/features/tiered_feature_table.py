"""StoredFeatureTable: engineered features of more items than memory holds."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ops_gpu.features.feature_table import FeatureTable
from ops_gpu.tiered import KeyType, RowFormat, StoreMetrics, StoreSettings, TieredStore, build_store, open_store
from ops_gpu.tiered.rows.store_settings import LEAST_MEMORY

FILE = "stored_table.json"
STORE = "store"
AT_ONCE = 1 << 16


@dataclass(frozen=True)
class StoredFeatureTable:
    """Gives what the `FeatureTable` that it was written from gives, bit for bit, from memory and disk.

    Args:
        store: rows by code, with all columns.
        names: the columns that are given.
        size: number of codes.
    """

    store: TieredStore
    names: tuple[str, ...]
    size: int

    @staticmethod
    def write(table: FeatureTable, folder: Path, memory_bytes: int) -> None:
        """Writes a table into a new folder.

        Args:
            table: in memory, or mapped into it.
            folder: does not exist yet.
            memory_bytes: what those who open it give the rows that are asked for most; 8 MiB at least.
        """
        folder.mkdir(parents=True)
        dtype = np.dtype([(name, values.dtype, values.shape[1:]) for name, values in table.columns.items()])
        build_store(folder / STORE, KeyType.INT64, RowFormat.of_dtype(dtype), _batches(table))
        told = {"memory_bytes": max(memory_bytes, LEAST_MEMORY), "size": table.size}
        (folder / FILE).write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> StoredFeatureTable:
        """Opens what `write` wrote; writes nothing into the folder.

        Raises:
            StoreError: when the store is damaged.
        """
        told = json.loads((folder / FILE).read_text(encoding="utf-8"))
        store = open_store(folder / STORE, StoreSettings(memory_bytes=told["memory_bytes"]))
        return cls(store, tuple(column.name for column in store.rows.columns), told["size"])

    def select(self, names: Sequence[str]) -> StoredFeatureTable:
        """The same table with these columns only."""
        return replace(self, names=tuple(names))

    def take(self, codes: npt.NDArray[np.integer[Any]]) -> dict[str, npt.NDArray[Any]]:
        """The rows of these codes, a column each.

        Raises:
            IndexError: for a code that the table does not have.
        """
        answer = self.store.read(codes, self.names)
        if not answer.known.all():
            raise IndexError(f"There is no row of code {codes[~answer.known][0]}, but of 0 to {self.size - 1}.")
        return {name: np.ascontiguousarray(answer.columns[name]) for name in self.names}

    def column(self, name: str) -> npt.NDArray[Any]:
        """One column as a whole, read from the disk from end to end."""
        parts = [self.select([name]).take(codes)[name] for codes in _codes(self.size)]
        return np.concatenate(parts)

    @property
    def metrics(self) -> StoreMetrics:
        """Where rows came from."""
        return self.store.metrics


def feature_table(folder: Path) -> FeatureTable | StoredFeatureTable:
    """Opens a feature table, whichever way it was written."""
    return (StoredFeatureTable if (folder / FILE).exists() else FeatureTable).load(folder)


def write_feature_table(table: FeatureTable, folder: Path, memory_bytes: int) -> None:
    """Writes a table into a new folder: as arrays, or as a store where they take more memory than they may.

    Args:
        table: in memory.
        folder: does not exist yet.
        memory_bytes: what those who open it may use; 0 always writes a store.
    """
    if sum(values.nbytes for values in table.columns.values()) <= memory_bytes:
        table.save(folder)
    else:
        StoredFeatureTable.write(table, folder, memory_bytes)


def _codes(size: int) -> Iterator[npt.NDArray[np.int64]]:
    for start in range(0, size, AT_ONCE):
        yield np.arange(start, min(start + AT_ONCE, size))


def _batches(table: FeatureTable) -> Iterator[tuple[npt.NDArray[np.int64], dict[str, npt.NDArray[Any]]]]:
    for codes in _codes(table.size):
        yield codes, {name: values[codes[0] : codes[-1] + 1] for name, values in table.columns.items()}
