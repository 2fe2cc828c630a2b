"""Another future: the same events up to a moment, and others from there on."""

from __future__ import annotations

import numpy as np
import polars as pl

from ops_gpu.interactions.events import Events


def poisoned(events: Events, moment: int, seed: int = 0) -> Events:
    """The same events, but with other users, items and labels at or after a moment.

    Args:
        events: all events.
        moment: epoch seconds.
        seed: of what takes their place.
    """
    random = np.random.default_rng(seed)
    future = events.time >= moment
    size = int(future.sum())
    user, item, positive = events.user.copy(), events.item.copy(), events.positive.copy()
    user[future] = random.permutation(np.resize(np.unique(events.user), size))
    item[future] = random.permutation(np.resize(np.unique(events.item), size))
    positive[future] = random.random(size) < 0.5
    return Events.sorted(user, item, events.time, positive, events.users, events.items)


def poisoned_interactions(interactions: pl.DataFrame, moment: int, seed: int = 0) -> pl.DataFrame:
    """The same for canonical interactions: what a workflow learns from, in place of encoded events.

    Args:
        interactions: `user_id`, `item_id`, `timestamp`, `label`; other columns stay as they are.
        moment: epoch seconds.
        seed: of what takes their place.
    """
    random = np.random.default_rng(seed)
    future = interactions["timestamp"].dt.epoch("s") >= moment
    size = int(future.sum())
    if size == 0:
        return interactions
    later = interactions.filter(future)
    others = [
        interactions[name].unique(maintain_order=True).sample(size, with_replacement=True, seed=seed + place)
        for place, name in enumerate(("user_id", "item_id"))
    ]
    label = pl.Series("label", random.random(size) < 0.5)
    return pl.concat([interactions.filter(~future), later.with_columns(*others, label)])
