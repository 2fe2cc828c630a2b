from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import polars as pl

from ops_gpu.interactions.events import Events
from ops_gpu.interactions.histories import Histories
from ops_gpu.operators.categorical.categorify import Categorify
from ops_gpu.primitives.ragged import Ragged
from ops_gpu.workflow.workflow import Workflow
from serving.operators.features.encode_history import EncodeHistory, histories
from serving.operators.features.recent_items import RecentItems
from serving.request.columns import Columns

IDS = [50, 50, 50, 50, 10, 10, 10, 30, 30, 20]  # the oftener, the lower the code: 50 is 3, 10 is 4
WORKFLOW = Workflow(["item_id"] >> Categorify()).fit(pl.DataFrame({"item_id": IDS}))


def bound() -> EncodeHistory:
    release: Any = SimpleNamespace(shared=lambda part, load: WORKFLOW)
    operator = EncodeHistory()
    operator.bind(release)
    return operator


def history(items: list[list[int]], last: list[list[int]]) -> Columns:
    raw = Ragged.from_lists(items, np.int64)
    return {
        "history_item": raw,
        "history_count": raw.with_values(raw.values.astype(np.float32)),
        "history_last": Ragged.from_lists(last, np.int64),
        "history_positive": raw.with_values(raw.values.astype(np.float32) / 2),
    }


def test_unknown_items_leave_and_the_rest_keeps_its_numbers() -> None:
    past = histories(bound().transform(history([[10, 99, 50], [], [99]], [[1, 2, 3], [], [5]])))
    assert [past.items[row].tolist() for row in range(3)] == [[4, 3], [], []]
    assert past.count.tolist() == [10, 50] and past.positive.tolist() == [5, 25]
    assert past.last.tolist() == [1, 3]


def test_the_order_is_that_of_the_histories_models_were_trained_with() -> None:
    user, item = np.array([0, 0, 0, 1, 1], np.int32), np.array([5, 3, 4, 6, 3], np.int32)
    time = np.array([7, 7, 2, 1, 9])
    offline = Histories.from_events(Events.sorted(user, item, time, np.ones(5, np.bool_), 2, 7), np.arange(2))
    raw = [WORKFLOW.decode("item_id", item[user == u]).tolist() for u in (0, 1)]
    online = histories(bound().transform(history(raw, [time[user == u].tolist() for u in (0, 1)])))
    assert online.items.values.tolist() == offline.items.values.tolist()
    assert online.last.tolist() == offline.last.tolist()


def test_recent_items_are_the_latest_first() -> None:
    seen = bound().transform(history([[10, 30, 20], [50]], [[1, 2, 3], [4]]))
    assert RecentItems(2).transform(seen)["history"].tolist() == [[6, 5], [3, 0]]  # type: ignore[union-attr]
