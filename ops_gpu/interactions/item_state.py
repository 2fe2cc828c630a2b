"""What is known of every item at one moment: the state that candidate sources and ranking features read.

The same structure serves training (as of many past moments) and the live release (as of its last day), so a
feature cannot mean one thing offline and another online.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ops_gpu.interactions.co_occurrence import Neighbours
from ops_gpu.interactions.events import DAY, Events
from ops_gpu.interactions.item_state_config import ItemStateConfig
from ops_gpu.primitives.memory_map import memory_map

Floats = npt.NDArray[np.float32]
Similar = Callable[[Events, int, int], Neighbours]
"""As `Neighbours.fit`: from events, how many an item, and how many items of a user count."""


@dataclass(frozen=True)
class ItemState:
    """Item state as of a moment; every array is indexed by item code.

    Args:
        as_of: epoch seconds; only events strictly before it were read.
        popularity: float32 `[half lives, items]`, positive events, each halved in weight a half-life of age.
        popular: float32 `[items]`, the same at the popular source's half-life.
        total: float32 `[items]`, all positive events.
        positive_rate: float32 `[items]`, share of positive events, smoothed towards the overall share.
        first_seen: int64 `[items]`, epoch seconds of the first event; `as_of` for items without one.
        available: bool `[items]`, false for the special codes and for items that may not be shown.
        neighbours: co-occurring items.
    """

    as_of: int
    popularity: Floats
    popular: Floats
    total: Floats
    positive_rate: Floats
    first_seen: npt.NDArray[np.int64]
    available: npt.NDArray[np.bool_]
    neighbours: Neighbours = field(repr=False)

    @classmethod
    def build(
        cls,
        events: Events,
        as_of: int,
        available: npt.NDArray[np.bool_],
        config: ItemStateConfig,
        similar: Similar = Neighbours.fit,
    ) -> ItemState:
        """State at a moment.

        Args:
            events: all events; those at or after `as_of` are not looked at.
            as_of: epoch seconds.
            available: bool `[items]`, what may be offered.
            config: decays and neighbours.
            similar: finds neighbours, or has them.
        """
        neighbours = similar(events.before(as_of), config.neighbours, config.co_occurrence_history)
        return replace(cls.of_counts(events, as_of, config), available=available, neighbours=neighbours)

    @classmethod
    def of_counts(cls, events: Events, as_of: int, config: ItemStateConfig) -> ItemState:
        """The counts alone, without neighbours and with every item offered: cheap enough for every day.

        Args:
            events: all events; those at or after `as_of` are not looked at.
            as_of: epoch seconds.
            config: decays.
        """
        past = events.before(as_of)
        liked = past.where(past.positive)
        total = np.bincount(liked.item, minlength=events.items).astype(np.float32)
        first = np.full(events.items, as_of, np.int64)
        np.minimum.at(first, past.item, past.time)
        halves = config.half_lives_days
        decays = {days: decayed(liked, as_of, days) for days in {*halves, config.popular_half_life_days}}
        return cls(
            as_of=as_of,
            popularity=np.array([decays[days] for days in halves], np.float32).reshape(len(halves), events.items),
            popular=decays[config.popular_half_life_days],
            total=total,
            positive_rate=smoothed_rate(total, np.bincount(past.item, minlength=events.items)),
            first_seen=first,
            available=np.ones(events.items, np.bool_),
            neighbours=Neighbours(np.zeros((events.items, 0), np.int32), np.zeros((events.items, 0), np.float32)),
        )

    @property
    def items(self) -> int:
        """Number of item codes."""
        return len(self.total)

    def save(self, folder: Path) -> None:
        """Writes one `.npy` file an array into a new folder."""
        folder.mkdir(parents=True)
        arrays = {"as_of": np.asarray(self.as_of)}
        arrays |= {f.name: getattr(self, f.name) for f in fields(self) if f.name not in ("as_of", "neighbours")}
        arrays |= {f"neighbours_{name}": value for name, value in asdict(self.neighbours).items()}
        for name, value in arrays.items():
            np.save(folder / f"{name}.npy", value, allow_pickle=False)

    @classmethod
    def load(cls, folder: Path) -> ItemState:
        """Opens what `save` wrote; arrays are memory-mapped."""
        arrays = {p.stem: memory_map(p) for p in folder.glob("*.npy")}
        neighbours = Neighbours(arrays.pop("neighbours_items"), arrays.pop("neighbours_similarity"))
        return cls(as_of=int(arrays.pop("as_of")), neighbours=neighbours, **arrays)


def decayed(events: Events, as_of: int, half_life_days: float) -> Floats:
    """Events an item, each weighing 0.5 ** (age / half-life).

    Args:
        events: what to count, all of it before `as_of`.
        as_of: epoch seconds.
        half_life_days: age at which an event counts half.

    Returns:
        float32 `[items]`.
    """
    weight = 0.5 ** ((as_of - events.time) / (DAY * half_life_days))
    return np.bincount(events.item, weights=weight, minlength=events.items).astype(np.float32)


def smoothed_rate(liked: npt.NDArray[Any], seen: npt.NDArray[Any], weight: float = 10.0) -> Floats:
    """Share of liked events of every item, drawn towards the share of all events as by `weight` more of them."""
    overall = (liked.sum(dtype=np.float64) + 1.0) / (seen.sum() + 2.0)
    rate: Floats = ((liked + weight * overall) / (seen + weight)).astype(np.float32)
    return rate
