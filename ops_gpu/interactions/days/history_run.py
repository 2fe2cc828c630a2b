"""HistoryRun: what users did in some days, sorted by a hash of the user, so that few users are found among many."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from ops_gpu.interactions.days.growing_array import GrowingArray
from ops_gpu.primitives.memory_map import memory_map
from ops_gpu.primitives.ragged import Ragged
from ops_gpu.primitives.stable_hash import hash_series

Hashes = npt.NDArray[np.uint64]
ENTRY = {"item": np.int32, "count": np.float32, "last": np.int64, "positive": np.float32}
ENTRIES_AT_ONCE = 1_000_000
"""Bounds the memory of a merge to some 150 MB."""


@dataclass(frozen=True)
class HistoryRun:
    """One entry a user and item: how often, when last, how often it was liked.

    Users are told apart by `user_keys`: of integers these are as different as the ids; of texts two of ten million
    users are taken for one with a chance of three in a million.

    Args:
        users: uint64 `[users]`, their keys, rising.
        offsets: int64 `[users + 1]`, where the entries of each begin.
        items: the ids of all items, rising, as in the log.
        item: int32 `[entries]`, place of the item in `items`, rising within a user.
        count: float32 `[entries]`, interactions.
        last: int64 `[entries]`, epoch seconds of the last one.
        positive: float32 `[entries]`, how many of them were positive.
    """

    users: Hashes
    offsets: npt.NDArray[np.int64]
    items: pl.Series
    item: npt.NDArray[np.int32]
    count: npt.NDArray[np.float32]
    last: npt.NDArray[np.int64]
    positive: npt.NDArray[np.float32]

    @classmethod
    def of_events(cls, events: pl.DataFrame) -> HistoryRun:
        """Of interactions: `user_id`, `item_id`, `timestamp` (cut to seconds), `label`."""
        entries = (
            events.lazy()
            .select(
                pl.Series("user", user_keys(events["user_id"])),
                "item_id",
                pl.col("timestamp").dt.epoch("s").alias("last"),
                pl.col("label").fill_null(False).cast(pl.Float32).alias("positive"),
            )
            .group_by("user", "item_id")
            .agg(pl.len().cast(pl.Float32).alias("count"), pl.col("last").max(), pl.col("positive").sum())
            .sort("user", "item_id")
            .collect()
        )
        items = entries["item_id"].unique().sort()
        users, lengths = np.unique(entries["user"].to_numpy(), return_counts=True)
        columns = [entries[name].to_numpy() for name in ("count", "last", "positive")]
        return cls(users, _offsets(lengths), items, _places(entries["item_id"], items), *columns)

    @classmethod
    def load(cls, folder: Path) -> HistoryRun:
        """Opens what `merge` wrote; all but the ids of items is memory-mapped."""
        items = pl.read_ipc(folder / "items.arrow").to_series()
        users, offsets = memory_map(folder / "users.npy"), memory_map(folder / "offsets.npy")
        return cls(users, offsets, items, *(memory_map(folder / f"{name}.npy") for name in ENTRY))

    @classmethod
    def merge(cls, runs: Sequence[HistoryRun], folder: Path) -> None:
        """Writes what users did in the days of several runs, at least one, into a folder, some users at a time.

        Args:
            runs: of days of which none is in two.
            folder: is there, and empty.
        """
        items = pl.concat([run.items for run in runs]).unique().sort()
        items.to_frame("item_id").write_ipc(folder / "items.arrow")
        renamed = [_places(run.items, items) for run in runs]
        with ExitStack() as files:
            out = {name: files.enter_context(GrowingArray(folder / f"{name}.npy", ENTRY[name])) for name in ENTRY}
            users = files.enter_context(GrowingArray(folder / "users.npy", np.uint64))
            offsets = files.enter_context(GrowingArray(folder / "offsets.npy", np.int64))
            offsets.append(np.zeros(1, np.int64))
            written = 0
            for slices in _slices(runs):
                merged = _merged(runs, slices, renamed, items)
                users.append(merged.users)
                offsets.append(merged.offsets[1:] + written)
                written += int(merged.offsets[-1])
                for name, file in out.items():
                    file.append(getattr(merged, name))

    def find(self, users: Hashes) -> Ragged:
        """Where the entries of users lie.

        Args:
            users: keys `[n]`.

        Returns:
            int64 places, a row a user; empty for one who did nothing.
        """
        if len(self.users) == 0:
            return Ragged(np.empty(0, np.int64), np.zeros(len(users) + 1, np.int64))
        at = np.minimum(np.searchsorted(self.users, users), len(self.users) - 1)
        there = self.users[at] == users
        start = self.offsets[at]
        lengths = np.where(there, self.offsets[at + 1] - start, 0)
        ends = _offsets(lengths)
        return Ragged(np.arange(ends[-1]) + np.repeat(start - ends[:-1], lengths), ends)


def user_keys(users: pl.Series) -> Hashes:
    """Keys of the ids of users, uint64 `[n]`; equal on every machine and in every version."""
    return hash_series(users).to_numpy()


def _offsets(lengths: npt.NDArray[np.integer[Any]]) -> npt.NDArray[np.int64]:
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths, dtype=np.int64)])


def _places(some: pl.Series, items: pl.Series) -> npt.NDArray[np.int32]:
    """Place of each of some ids among all."""
    every = items.to_frame("item_id").with_row_index("place")
    found = some.to_frame("item_id").join(every, on="item_id", how="left", maintain_order="left")
    return found["place"].cast(pl.Int32).to_numpy()


def _slices(runs: Sequence[HistoryRun]) -> Iterator[list[slice]]:
    """Users of all runs, stretch by stretch of keys: the rows of each run."""
    entries = sum(len(run.item) for run in runs)
    stretches = max(1, -(-entries // ENTRIES_AT_ONCE))
    bounds = [np.uint64(number * 2**64 // stretches) for number in range(1, stretches)]
    rows = [[0, *np.searchsorted(run.users, bounds).tolist(), len(run.users)] for run in runs]
    for number in range(stretches):
        yield [slice(found[number], found[number + 1]) for found in rows]


def _merged(
    runs: Sequence[HistoryRun], slices: list[slice], renamed: list[npt.NDArray[np.int32]], items: pl.Series
) -> HistoryRun:
    """Some users of all runs, in memory."""
    users = np.unique(np.concatenate([run.users[rows] for run, rows in zip(runs, slices, strict=True)]))
    keys: list[npt.NDArray[np.int64]] = []
    columns: dict[str, list[npt.NDArray[Any]]] = {name: [] for name in ("count", "last", "positive")}
    for run, rows, places in zip(runs, slices, renamed, strict=True):
        bounds = run.offsets[rows.start : rows.stop + 1]
        row = np.repeat(np.searchsorted(users, run.users[rows]), np.diff(bounds))
        entries = slice(int(bounds[0]), int(bounds[-1]))
        keys.append(row * len(items) + places[run.item[entries]])
        for name, values in columns.items():
            values.append(getattr(run, name)[entries])
    key = np.concatenate(keys)
    order = np.argsort(key, kind="stable")
    key = key[order]
    first = np.flatnonzero(np.diff(key, prepend=-1))
    reduced = {name: np.concatenate(values)[order] for name, values in columns.items()}
    row, item = np.divmod(key[first], max(1, len(items)))
    return HistoryRun(
        users,
        _offsets(np.bincount(row, minlength=len(users))),
        items,
        item.astype(np.int32),
        np.add.reduceat(reduced["count"], first) if len(first) else reduced["count"],
        np.maximum.reduceat(reduced["last"], first) if len(first) else reduced["last"],
        np.add.reduceat(reduced["positive"], first) if len(first) else reduced["positive"],
    )
