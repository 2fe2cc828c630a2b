from __future__ import annotations

import numpy as np
import pytest

from ops_gpu.features.training_rows import HISTORY, GatheredRows
from ops_gpu.interactions.events import DAY
from ops_gpu.interactions.sequences import histories_before
from tests.ops_gpu.heart import CONFIG, CUT, Heart


def rows_of(heart: Heart) -> GatheredRows:
    assert isinstance(heart.data.rows, GatheredRows)
    return heart.data.rows


def test_rows_are_the_positive_events_of_a_range(heart: Heart) -> None:
    events = heart.data.events
    for start, end in ((None, CUT), (CUT - DAY, CUT + DAY), (CUT, CUT)):
        mine = events.between(start, end)
        rows = rows_of(heart).between(start, end)
        expected = np.bincount(mine.item[mine.positive], minlength=events.items)
        np.testing.assert_array_equal(rows.item_counts(), expected)
        assert len(rows) == mine.positive.sum()
    narrow = rows_of(heart).between(None, CUT).between(CUT - DAY, CUT + DAY)
    assert len(narrow) == events.between(CUT - DAY, CUT).positive.sum()


def test_batches_hold_each_row_once_an_epoch_in_an_order_of_its_own(heart: Heart) -> None:
    rows, data = rows_of(heart).between(None, CUT), heart.data
    batches = rows.batches(batch_size=100, seed=3)
    first, second = (list(batches) for _ in range(2))
    assert len(first) == len(batches) == -(-len(rows) // 100)
    assert len({len(batch["user_id"]) for batch in first}) == 1
    assert first[0]["item_id"].tolist() != second[0]["item_id"].tolist()  # type: ignore[union-attr]
    again = next(iter(rows.batches(batch_size=100, seed=3)))
    np.testing.assert_array_equal(again["item_id"], first[0]["item_id"])
    [whole] = rows.batches(batch_size=len(rows), seed=0)
    history = histories_before(data.events, CONFIG.history_length)[rows.places]
    everything = np.column_stack([whole["user_id"], whole["item_id"], whole["price"], whole[HISTORY]])
    item = data.events.item[rows.places]
    expected = np.column_stack([data.events.user[rows.places], item, data.items.columns["price"][item], history])
    assert sorted(everything.tolist()) == sorted(expected.tolist())


def test_no_row_no_batch(heart: Heart) -> None:
    with pytest.raises(ValueError, match="there are no training rows: the days chosen for training hold no positive"):
        rows_of(heart).between(CUT, CUT).batches(10, 0)
