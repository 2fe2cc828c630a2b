from __future__ import annotations

from datetime import datetime

import numpy as np
import polars as pl
import pytest

from ops_gpu.interactions.days.item_accumulator import ItemAccumulator
from ops_gpu.interactions.days.item_counts import ItemCounts
from ops_gpu.interactions.events import DAY
from ops_gpu.interactions.item_state_config import ItemStateConfig

CONFIG = ItemStateConfig(half_lives_days=(1.0, 2.0), popular_half_life_days=4.0)


def counts(end: int, items: list[int]) -> ItemCounts:
    """One liked event of each item, a day before the end."""
    time = datetime.fromtimestamp(end - DAY) if end >= DAY else datetime(1970, 1, 1)
    times = pl.Series([int(time.timestamp()) * 1_000_000] * len(items)).cast(pl.Datetime("us"))
    frame = pl.DataFrame({"item_id": items, "timestamp": times, "label": [True] * len(items)})
    return ItemCounts.count(frame, end, CONFIG)


def test_likes_age_with_the_moment() -> None:
    found = ItemAccumulator(8, CONFIG)
    found.advance(DAY)
    found.add(counts(DAY, [3, 4]), np.array([3, 4], np.int32))
    assert found.item_state().popularity[:, 3].tolist() == pytest.approx([0.5, 0.5**0.5])
    found.advance(3 * DAY)
    state = found.item_state()
    assert state.popularity[:, 3].tolist() == pytest.approx([0.125, 0.5**1.5])
    assert state.popular[3] == pytest.approx(0.5**0.75)
    assert state.total.tolist() == [0, 0, 0, 1, 1, 0, 0, 0]
    assert state.first_seen.tolist() == [3 * DAY] * 3 + [0, 0] + [3 * DAY] * 3


def test_items_of_one_code_are_one_item() -> None:
    found = ItemAccumulator(4, CONFIG)
    found.advance(DAY)
    found.add(counts(DAY, [7, 8, 9]), np.array([2, 2, 3], np.int32))
    assert found.item_state().total.tolist() == [0, 0, 2, 1]


def test_it_does_not_go_back_and_takes_nothing_from_ahead() -> None:
    found = ItemAccumulator(4, CONFIG)
    found.advance(2 * DAY)
    with pytest.raises(ValueError, match="cannot go back"):
        found.advance(DAY)
    with pytest.raises(ValueError, match="advance first"):
        found.add(counts(3 * DAY, [1]), np.array([1], np.int32))
