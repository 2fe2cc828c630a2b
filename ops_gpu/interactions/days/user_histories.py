"""UserHistories: what every user did before a day, read for those who are asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from ops_gpu.interactions.days.history_run import ENTRY, HistoryRun, user_keys
from ops_gpu.interactions.histories import Histories

Encode = Callable[[pl.Series], npt.NDArray[np.int32]]
"""Gives the codes of ids."""


@dataclass(frozen=True)
class UserHistories:
    """Histories in runs of days; how long it takes to read some depends on them, not on how many there are.

    Args:
        runs: of days of which none is in two.
    """

    runs: Sequence[HistoryRun]

    def of(self, users: pl.Series, encode: Encode) -> Histories:
        """Complete histories.

        Args:
            users: distinct ids `[n]`, in any order; in that of their keys they are found fastest.
            encode: gives the codes of items; those of one code are one item.

        Returns:
            Row `i` is the history of `users[i]`, empty for one who did nothing.
        """
        return self.reader(encode)(users)

    def reader(self, encode: Encode) -> Callable[[pl.Series], Histories]:
        """The same for one batch of users after the other: items, of which there may be more, are encoded once.

        Args:
            encode: as in `of`.
        """
        codes: dict[int, npt.NDArray[np.int32]] = {}

        def codes_of(number: int) -> npt.NDArray[np.int32]:
            if number not in codes:
                codes[number] = encode(self.runs[number].items)
            return codes[number]

        return lambda users: self._of(users, codes_of)

    def _of(self, users: pl.Series, codes_of: Callable[[int], npt.NDArray[np.int32]]) -> Histories:
        keys, rows = user_keys(users), np.zeros(0, np.int64)
        parts: dict[str, list[npt.NDArray[Any]]] = {name: [np.zeros(0, dtype)] for name, dtype in ENTRY.items()}
        found_rows = [rows]
        for number, run in enumerate(self.runs):
            places = run.find(keys)
            at = places.values
            found_rows.append(places.row_ids)
            codes = codes_of(number) if len(at) else np.zeros(0, np.int32)
            parts["item"].append(codes[run.item[at]] if len(at) else codes)
            for name in ("count", "last", "positive"):
                parts[name].append(getattr(run, name)[at])
        item, count, last, positive = (np.concatenate(values) for values in parts.values())
        return Histories.of_entries(np.concatenate(found_rows), item, count, last, positive, len(users))
