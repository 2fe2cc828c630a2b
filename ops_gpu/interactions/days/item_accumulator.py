"""ItemAccumulator: counts of days added up by item code, from one moment to the next."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ops_gpu.interactions.co_occurrence import Neighbours
from ops_gpu.interactions.days.item_counts import ItemCounts, half_lives
from ops_gpu.interactions.events import DAY
from ops_gpu.interactions.item_state import ItemState, smoothed_rate
from ops_gpu.interactions.item_state_config import ItemStateConfig

NEVER = np.iinfo(np.int64).max


class ItemAccumulator:
    """The counts of every item as of a moment that moves on; a step costs the items there are, and not the past.

    Args:
        items: number of item codes.
        config: half-lives.

    Attributes:
        as_of: epoch seconds, up to where ages count.
    """

    def __init__(self, items: int, config: ItemStateConfig) -> None:
        self._config, self.as_of = config, 0
        self._half_lives = np.array(half_lives(config), np.float64)
        self._seen, self._liked = np.zeros(items, np.float64), np.zeros(items, np.float64)
        self._first = np.full(items, NEVER, np.int64)
        self._decayed = np.zeros((len(self._half_lives), items), np.float64)

    def advance(self, as_of: int) -> None:
        """Moves on; what was counted ages.

        Args:
            as_of: epoch seconds, not before where it stands.

        Raises:
            ValueError: when it is.
        """
        if as_of < self.as_of:
            raise ValueError(f"counts as of {self.as_of} cannot go back to {as_of}; begin with a fresh accumulator.")
        self._decayed *= self._ageing(as_of - self.as_of)[:, None]
        self.as_of = as_of

    def add(self, counts: ItemCounts, codes: npt.NDArray[np.int32]) -> None:
        """Adds counts of days that were not added yet, up to where it stands.

        Args:
            counts: of items.
            codes: int32, of every row's item; rows of one code are added up.

        Raises:
            ValueError: when they reach beyond where it stands.
        """
        if counts.as_of > self.as_of:
            raise ValueError(f"counts up to {counts.as_of} are from after {self.as_of}; advance first.")
        items, frame = len(self._seen), counts.frame
        self._seen += np.bincount(codes, weights=frame["seen"].to_numpy(), minlength=items)
        self._liked += np.bincount(codes, weights=frame["liked"].to_numpy(), minlength=items)
        np.minimum.at(self._first, codes, frame["first"].to_numpy())
        for number, factor in enumerate(self._ageing(self.as_of - counts.as_of)):
            weights = frame[f"decayed_{number}"].to_numpy() * factor
            self._decayed[number] += np.bincount(codes, weights=weights, minlength=items)

    def item_state(self) -> ItemState:
        """The state of every item, with every item offered and without neighbours."""
        items = len(self._seen)
        none = Neighbours(np.zeros((items, 0), np.int32), np.zeros((items, 0), np.float32))
        return ItemState(
            as_of=self.as_of,
            popularity=self._decayed[:-1].astype(np.float32),
            popular=self._decayed[-1].astype(np.float32),
            total=self._liked.astype(np.float32),
            positive_rate=smoothed_rate(self._liked, self._seen),
            first_seen=np.minimum(self._first, self.as_of),
            available=np.ones(items, np.bool_),
            neighbours=none,
        )

    def _ageing(self, seconds: int) -> npt.NDArray[np.float64]:
        """What is left of a positive event's weight after some time, by half-life."""
        left: npt.NDArray[np.float64] = 0.5 ** (seconds / (DAY * self._half_lives))
        return left
