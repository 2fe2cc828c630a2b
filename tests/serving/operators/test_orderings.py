"""What holds for every ordering, and what each is for."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops_gpu.features.feature_table import FIRST_CODE, FeatureTable
from ops_gpu.operators import Categorify
from ops_gpu.ordering.categories import membership, shares
from ops_gpu.primitives.ragged import Ragged
from ops_gpu.workflow.workflow import Workflow
from serving.operators.base import ServingOperator
from serving.operators.ordering.boost_candidates import BoostCandidates
from serving.operators.ordering.calibrated_ordering import CalibratedOrdering
from serving.operators.ordering.category_quotas import CategoryQuotas
from serving.operators.ordering.maximal_marginal_relevance import MaximalMarginalRelevance
from serving.operators.ordering.softmax_sampling import SoftmaxSampling
from serving.request.columns import Columns

ITEMS = 20
RANDOM = np.random.default_rng(5)
VECTORS = RANDOM.normal(size=(ITEMS, 4)).astype(np.float32)
VECTORS /= np.linalg.norm(VECTORS, axis=1, keepdims=True)
GENRES = np.where(np.arange(ITEMS)[:, None] < FIRST_CODE, 0, FIRST_CODE + np.arange(ITEMS)[:, None] % [4, 3])
GENRES[10:, 1] = 0  # some have one genre only
TABLE = FeatureTable(
    {
        "genres": GENRES.astype(np.int32),
        "studio": np.where(np.arange(ITEMS) < FIRST_CODE, 0, FIRST_CODE + np.arange(ITEMS) % 2).astype(np.int32),
        "price": np.linspace(0, 1, ITEMS).astype(np.float32)[:, None],
    },
    ITEMS,
)
STUDIOS = Workflow(["studio"] >> Categorify()).fit(pl.DataFrame({"studio": ["Alpha", "Alpha", "Beta"]}))
PARTS = {"item_embeddings": VECTORS, "item_features": TABLE, "workflow": STUDIOS}

ORDERINGS: dict[str, Any] = {
    "diversity": lambda: MaximalMarginalRelevance(0.5),
    "differences alone": lambda: MaximalMarginalRelevance(0.0),
    "quotas of genres": lambda: CategoryQuotas("genres", most=1),
    "quotas of prices": lambda: CategoryQuotas("price", most=2, buckets=3),
    "calibrated genres": lambda: CalibratedOrdering("genres", 0.8),
    "calibrated prices": lambda: CalibratedOrdering("price", 1.0),
    "small pool": lambda: CategoryQuotas("studio", pool=3),
}
PLAIN = [MaximalMarginalRelevance(1.0), CategoryQuotas("genres", most=100), CalibratedOrdering("genres", 0.0)]
orderings = pytest.mark.parametrize("name", ORDERINGS)
user = st.tuples(
    st.lists(st.integers(FIRST_CODE, ITEMS - 1), max_size=12, unique=True),
    st.lists(st.integers(FIRST_CODE, ITEMS - 1), max_size=5, unique=True),
    st.integers(0, 15),
    st.integers(0, 2**31),
)


def bound(operator: ServingOperator) -> ServingOperator:
    operator.bind(SimpleNamespace(shared=lambda part, load: PARTS[part], path=Path("nowhere")))  # type: ignore[arg-type]
    return operator


def batch(users: list[tuple[list[int], list[int], int, int]]) -> Columns:
    items = Ragged.from_lists([u[0] for u in users], np.int32)
    scores = [np.random.default_rng(u[3]).choice([-2.0, 0.0, 0.5, 3.0], len(u[0])) for u in users]
    return {
        "candidate_item": items,
        "candidate_score": items.with_values(np.concatenate([*scores, []]).astype(np.float32)),
        "candidate_source": items.with_values((items.values % 4).astype(np.uint8)),
        "seen_item": Ragged.from_lists([u[1] for u in users], np.int32),
        "k": np.array([u[2] for u in users], np.int32),
    }


def lists(result: Columns, column: str = "item") -> list[list[Any]]:
    values = result[column]
    assert isinstance(values, Ragged)
    return [values[row].tolist() for row in range(len(values))]


@orderings
@given(users=st.lists(user, min_size=1, max_size=4))
def test_a_batch_gives_what_its_users_alone_give(name: str, users: list[tuple[list[int], list[int], int, int]]) -> None:
    ordering = bound(ORDERINGS[name]())
    together = ordering.transform(batch(users))
    alone = [ordering.transform(batch([one])) for one in users]
    for column in ("item", "score", "source"):
        assert lists(together, column) == [lists(single, column)[0] for single in alone]


@orderings
@given(one=user)
def test_a_list_holds_its_candidates_once_with_their_own_scores(
    name: str, one: tuple[list[int], list[int], int, int]
) -> None:
    ordering, columns = bound(ORDERINGS[name]()), batch([one])
    (found,), (scores,) = (lists(ordering.transform(columns), column) for column in ("item", "score"))
    assert len(found) == len(set(found)) == min(one[2], len(one[0]), ordering.pool)  # type: ignore[attr-defined]
    own = dict(zip(one[0], lists(columns, "candidate_score")[0], strict=True))
    assert [own[item] for item in found] == scores


@pytest.mark.parametrize("ordering", PLAIN, ids=lambda o: o.name)
@given(users=st.lists(user, min_size=1, max_size=3))
def test_without_a_wish_it_is_the_exact_top_k(
    ordering: ServingOperator, users: list[tuple[list[int], list[int], int, int]]
) -> None:
    columns = batch(users)
    assert lists(bound(ordering).transform(columns)) == lists(SoftmaxSampling().transform(columns))


def test_quotas_hold_while_there_are_others() -> None:
    columns = batch([(list(range(FIRST_CODE, 15)), [], 8, 1)])
    (found,) = lists(bound(CategoryQuotas("studio", most=2)).transform(columns))
    studios = [TABLE.columns["studio"][item] for item in found]
    assert sorted(np.bincount(studios[:4])[FIRST_CODE:]) == [2, 2]
    assert len(found) == 8  # both studios had their share: the best of the rest follow


def test_diversity_avoids_what_is_like_the_first() -> None:
    items = list(range(FIRST_CODE, 15))
    columns = batch([(items, [], 2, 1)])
    (found,) = lists(bound(MaximalMarginalRelevance(0.0)).transform(columns))
    like = VECTORS[items] @ VECTORS[found[0]]
    assert found[1] == items[int(np.argmin(like))]


def test_calibration_brings_the_list_nearer_to_the_history() -> None:
    seen = [item for item in range(FIRST_CODE, ITEMS) if TABLE.columns["studio"][item] == FIRST_CODE][:5]
    columns = batch([(list(range(FIRST_CODE, ITEMS)), seen, 6, 9)])
    (calibrated,) = lists(bound(CalibratedOrdering("studio", 1.0)).transform(columns))
    (plain,) = lists(SoftmaxSampling().transform(columns))
    assert {TABLE.columns["studio"][item] for item in calibrated} == {FIRST_CODE}
    assert {TABLE.columns["studio"][item] for item in plain} == {FIRST_CODE, FIRST_CODE + 1}


def test_boosts_add_to_the_scores_of_their_value_alone() -> None:
    columns = batch([(list(range(FIRST_CODE, 9)), [], 3, 2)])
    result = bound(BoostCandidates("studio", {"Alpha": 2.0, "Beta": -1.0})).transform(columns)
    before, after = lists(columns, "candidate_score")[0], lists(result, "candidate_score")[0]
    first = {"Alpha": STUDIOS.first_code("studio"), "Beta": STUDIOS.first_code("studio") + 1}
    studios = TABLE.columns["studio"][FIRST_CODE:9]
    expected = [b + (2.0 if s == first["Alpha"] else -1.0) for b, s in zip(before, studios, strict=True)]
    assert after == expected


def test_what_a_release_does_not_know_is_named() -> None:
    with pytest.raises(ValueError, match=r"no column 'colour', but genres, studio, price"):
        bound(CategoryQuotas("colour"))
    with pytest.raises(ValueError, match="a boost for studio 'Gamma', which no item of the release has"):
        bound(BoostCandidates("studio", {"Gamma": 1.0}))


@pytest.mark.parametrize(
    "make",
    [
        lambda: MaximalMarginalRelevance(1.5),
        lambda: CategoryQuotas("a", most=0),
        lambda: CalibratedOrdering("a", -0.1),
        lambda: CategoryQuotas("a", pool=0),
    ],
)
def test_parameters_out_of_range_are_refused(make: Any) -> None:
    with pytest.raises(ValueError, match=r"between 0 and 1|give 1|at least one"):
        make()


def test_categories_of_codes_and_numbers() -> None:
    has = membership(GENRES)
    assert not has[:FIRST_CODE].any()
    assert has[FIRST_CODE].tolist() == [(c == FIRST_CODE % 4) or (c == FIRST_CODE % 3) for c in range(4)]
    assert np.allclose(shares(has)[FIRST_CODE:].sum(axis=1), 1.0)
    priced = membership(TABLE.columns["price"], 4)
    assert priced[FIRST_CODE:].sum(axis=1).tolist() == [1] * (ITEMS - FIRST_CODE)
    assert priced.sum(axis=0).min() >= 4
