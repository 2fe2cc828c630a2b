from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np

from ops_gpu.primitives.ragged import Ragged
from serving.operators.ordering.popular_fallback import PopularFallback
from serving.request.columns import Columns


def bound(*names: str) -> PopularFallback:
    popular = np.array([0, 0, 0, 5, 9, 7, 0], np.float32)
    item_state = SimpleNamespace(popular=popular, total=popular, available=np.arange(7) > 2)
    release: Any = SimpleNamespace(shared=lambda part, load: item_state)
    operator = PopularFallback(names=names)
    operator.bind(release)
    return operator


def batch(seen: list[list[int]], k: list[int]) -> Columns:
    items = Ragged.from_lists([[5, 3]] * len(seen), np.int32)
    return {
        "candidate_item": items,
        "candidate_score": items.with_values(items.values / np.float32(10)),
        "candidate_source": items.with_values(np.ones(len(items.values), np.uint8)),
        "seen_item": Ragged.from_lists(seen, np.int32),
        "k": np.array(k, np.int32),
    }


def rows(columns: Columns, name: str) -> list[list[Any]]:
    column = columns[name]
    assert isinstance(column, Ragged)
    return [column[row].tolist() for row in range(len(column))]


def test_only_users_without_history_get_what_is_popular() -> None:
    result = bound().transform(batch([[], [4], []], [2, 2, 10]))
    assert rows(result, "candidate_item") == [[4, 5], [5, 3], [4, 5, 3]]
    assert rows(result, "candidate_source") == [[130, 130], [1, 1], [130, 130, 130]]
    assert rows(result, "candidate_score")[0] == [9.0, 7.0]


def test_known_users_pass_untouched() -> None:
    given = batch([[6], [3]], [1, 1])
    assert bound().transform(given)["candidate_item"] is given["candidate_item"]


def test_what_is_popular_says_so_by_the_place_of_its_name() -> None:
    given = batch([[], [4]], [2, 2])
    items = given["candidate_item"]
    assert isinstance(items, Ragged)
    given["candidate_sources"] = items.with_values(np.full(len(items.values), 1, np.uint32))
    result = bound("two_tower", "history", "popular").transform(given)
    assert rows(result, "candidate_sources") == [[4, 4], [1, 1]]
