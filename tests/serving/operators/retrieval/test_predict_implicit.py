from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import polars as pl
import pytest

from ops_gpu.features.feature_table import FIRST_CODE
from ops_gpu.operators import Categorify
from ops_gpu.primitives.ragged import Ragged
from ops_gpu.workflow.workflow import Workflow
from serving.operators.retrieval.predict_implicit import PredictImplicit
from serving.release.built_with import read_built_with
from serving.request.columns import Columns
from serving.runtimes.implicit_factors import ImplicitFactors

ITEMS, USERS = 20, 8
RANDOM = np.random.default_rng(3)
AVAILABLE = np.arange(ITEMS) % 7 != 0
AVAILABLE[:FIRST_CODE] = False
FACTORS = ImplicitFactors(
    RANDOM.normal(size=(USERS, 4)).astype(np.float32), RANDOM.normal(size=(ITEMS, 4)).astype(np.float32)
)
FACTORS.users[6] = 0.0
FACTORS.items[11] = 0.0


def bound(operator: PredictImplicit, factors: ImplicitFactors = FACTORS) -> PredictImplicit:
    parts = {"implicit": factors, "snapshot": SimpleNamespace(available=AVAILABLE, items=ITEMS)}
    release: Any = SimpleNamespace(shared=lambda part, load: parts[part])
    operator.bind(release)
    return operator


def batch(users: list[int], seen: list[list[int]]) -> Columns:
    items = Ragged.from_lists(seen, np.int32)
    zeros = items.with_values(np.zeros(len(items.values), np.float32))
    columns: Columns = {"user_id": np.array(users, np.int32), "seen_item": items}
    return columns | {"seen_count": zeros, "seen_last": zeros, "seen_positive": zeros}


def lists(columns: Columns, name: str) -> list[list[Any]]:
    column = columns[name]
    assert isinstance(column, Ragged)
    return [column[row].tolist() for row in range(len(column))]


@pytest.mark.parametrize("repeats", [False, True])
def test_the_largest_products_of_available_items(repeats: bool) -> None:
    users, seen = [3, 5, 4], [[4, 8, 9], [], [3]]
    found = bound(PredictImplicit(6, repeats)).transform(batch(users, seen))
    for row, user in enumerate(users):
        scores = FACTORS.items @ FACTORS.users[user]
        offered = [c for c in np.argsort(-scores).tolist() if AVAILABLE[c] and c != 11]
        offered = [c for c in offered if repeats or c not in seen[row]][:6]
        assert lists(found, "implicit_item")[row] == offered
        np.testing.assert_allclose(lists(found, "implicit_score")[row], scores[offered], rtol=1e-5)


def test_who_was_not_learned_gets_none() -> None:
    unknown = [0, 1, 2, 6, -1, USERS, 10_000]  # special codes, zeros, and codes of a later workflow
    found = bound(PredictImplicit(3)).transform(batch([*unknown, 7], [[]] * 8))
    assert [len(items) for items in lists(found, "implicit_item")] == [0] * 7 + [3]
    assert lists(bound(PredictImplicit(3)).transform(batch(unknown, [[]] * 7)), "implicit_item") == [[]] * 7


def test_more_than_there_are_gives_all() -> None:
    (items,) = lists(bound(PredictImplicit(1_000)).transform(batch([3], [[4]])), "implicit_item")
    assert sorted(items) == [c for c in range(ITEMS) if AVAILABLE[c] and c not in (4, 11)]


def test_factors_of_other_items_are_refused() -> None:
    with pytest.raises(ValueError, match=r"for 19 item codes, the item state in 'snapshot' has 20"):
        bound(PredictImplicit(3), ImplicitFactors(FACTORS.users, FACTORS.items[:19]))
    with pytest.raises(ValueError, match="know no item that is available"):
        bound(PredictImplicit(3), ImplicitFactors(FACTORS.users, np.zeros_like(FACTORS.items)))
    with pytest.raises(ValueError, match=r"with one n, got users float32 \(8, 4\), items float32 \(20, 3\)"):
        ImplicitFactors(FACTORS.users, FACTORS.items[:, :3])
    with pytest.raises(ValueError, match="must be float32, got users float64"):
        ImplicitFactors(FACTORS.users.astype(np.float64), FACTORS.items)


def test_factors_of_raw_ids_lie_by_code(tmp_path: Path) -> None:
    events = pl.DataFrame({"user_id": ["ann", "bob", "bob"], "item_id": [7, 9, 9]})
    workflow = Workflow(["user_id", "item_id"] >> Categorify()).fit(events)
    users = np.array([b"bob", b"zoe", b"ann"]), np.arange(6, dtype=np.float64).reshape(3, 2)
    items = np.array([9, 8, 7]), 10 + np.arange(6).reshape(3, 2)
    factors = ImplicitFactors.by_code(workflow, users, items)
    factors.save(tmp_path / "implicit", workflow)
    read = ImplicitFactors.load(tmp_path / "implicit")
    codes = workflow.encode("user_id", np.array([b"ann", b"bob"])), workflow.encode("item_id", np.array([7, 9]))
    assert read.users[codes[0]].tolist() == [[4, 5], [0, 1]] and read.items[codes[1]].tolist() == [[14, 15], [10, 11]]
    assert np.count_nonzero(read.users.any(axis=1)) == 2  # zoe is in no log
    assert read_built_with(tmp_path / "implicit") == {"workflow": workflow.hash()}
    with pytest.raises(ValueError, match="item_id: there are 2 ids, and factors of shape"):
        ImplicitFactors.by_code(workflow, users, (items[0][:2], items[1]))
