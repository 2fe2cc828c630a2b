"""TrainingRows: the positive events that a model learns from, with what was known just before each."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from ops_gpu.features.feature_table import FeatureTable
from ops_gpu.interactions.events import Events
from ops_gpu.interactions.sequences import histories_before
from ops_gpu.primitives.ragged import Ragged

HISTORY = "history"
"""Column of the user's last items: codes, latest first; a list a row, or a matrix padded with 0."""
Columns = Mapping[str, "npt.NDArray[Any] | Ragged"]


class Batches(Protocol):
    """Batches of one size; each pass over them is an epoch, in an order of its own."""

    def __len__(self) -> int:
        """Batches of an epoch."""

    def __iter__(self) -> Iterator[Columns]:
        """The next epoch."""


class TrainingRows(ABC):
    """Rows of positive events: codes of user and item, engineered columns of both, and `history`.

    Example:
        >>> rows = data.rows.between(None, end)
        >>> {"user_id", "item_id", "history"} <= set(next(iter(rows.batches(batch_size=64, seed=7))))
        True
    """

    @abstractmethod
    def between(self, start: int | None, end: int) -> TrainingRows:
        """The rows of events with `start <= time < end`, in epoch seconds; None leaves that side open."""

    @abstractmethod
    def item_counts(self) -> npt.NDArray[np.int64]:
        """Rows by item code, int64 `[items]`."""

    @abstractmethod
    def batches(self, batch_size: int, seed: int) -> Batches:
        """Shuffled batches of at most `batch_size` rows, in an order that depends on seed and epoch alone.

        Raises:
            ValueError: when there is no row.
        """

    def __len__(self) -> int:
        return int(self.item_counts().sum())


@dataclass(frozen=True)
class Past:
    """What the user of each event had chosen before it, followed once somebody asks.

    Args:
        events: all of them.
        length: items of a user that are kept.
    """

    events: Events
    length: int

    @cached_property
    def history(self) -> npt.NDArray[np.int32]:
        """int32 `[events, length]`; see `histories_before`."""
        return histories_before(self.events, self.length)


@dataclass(frozen=True)
class GatheredRows(TrainingRows):
    """Rows of events that are in memory: columns are gathered from the features of users and items as they are now.

    Args:
        events: all of them; rows are made of those that are positive.
        past: what the user had chosen before each event.
        users: features by user code.
        items: features by item code.
        places: int64, which events the rows are of.
    """

    events: Events
    past: Past
    users: FeatureTable
    items: FeatureTable
    places: npt.NDArray[np.int64]

    @classmethod
    def of(cls, events: Events, users: FeatureTable, items: FeatureTable, history_length: int) -> GatheredRows:
        """Rows of all positive events, with so many items of the user's history."""
        return cls(events, Past(events, history_length), users, items, np.flatnonzero(events.positive))

    def between(self, start: int | None, end: int) -> GatheredRows:
        time = self.events.time[self.places]
        wanted = time < end if start is None else (time < end) & (time >= start)
        return replace(self, places=self.places[wanted])

    def item_counts(self) -> npt.NDArray[np.int64]:
        return np.bincount(self.events.item[self.places], minlength=self.events.items)

    def batches(self, batch_size: int, seed: int) -> GatheredBatches:
        return GatheredBatches(self, batch_size, seed)

    def take(self, rows: npt.NDArray[np.integer[Any]]) -> dict[str, npt.NDArray[Any]]:
        """The columns of some rows."""
        places = self.places[rows]
        columns = self.users.take(self.events.user[places]) | self.items.take(self.events.item[places])
        return columns | {HISTORY: self.past.history[places]}


class GatheredBatches:
    """Batches of rows in memory.

    The rows are spread evenly over as few batches as `batch_size` allows: of 1,500 rows in batches of 1,024 at most,
    two batches of 750 are made. Fewer rows than there are batches fill none, and wait for another epoch's order.

    Args:
        rows: the rows.
        batch_size: the most of a batch.
        seed: with the epoch it fixes the order.

    Raises:
        ValueError: when there are none.
    """

    def __init__(self, rows: GatheredRows, batch_size: int, seed: int) -> None:
        if len(rows.places) == 0:
            raise ValueError("there are no training rows: the days chosen for training hold no positive event.")
        self._rows, self._seed, self._epoch = rows, seed, 0
        self._batches = -(-len(rows.places) // batch_size)

    def __len__(self) -> int:
        return self._batches

    def __iter__(self) -> Iterator[Columns]:
        count = len(self._rows.places)
        order = np.random.default_rng((self._seed, self._epoch)).permutation(count)
        self._epoch += 1
        size = count // self._batches
        for start in range(0, self._batches * size, size):
            yield self._rows.take(order[start : start + size])
