"""The four stages with filters and orderings, against lists that plain Python makes of the raw tables."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from ops_gpu.primitives.ragged import Ragged
from ops_gpu.recommender.two_stage import recommend
from ops_gpu.schema.column import ColumnSchema
from ops_gpu.schema.schema import Schema
from ops_gpu.schema.tags import Tags
from serving.ensemble.ensemble import Ensemble
from serving.ensemble.exact_order import exact_order
from serving.ensemble.four_stages_config import FourStagesConfig
from serving.request.columns import Columns
from serving.rules.condition import Condition
from serving.rules.item_attributes import ItemAttributes
from serving.rules.list_rules import ListRules
from serving.rules.ordering_config import Boost, Calibrated, Diversity, OrderingConfig, Quota, Sampling
from tests.serving.stages import described_stages, shop_ensemble, stages_of
from tests.serving.whole_release import FILTERS, Whole, whole_release

SIZES = {"two_tower": 25, "popular": 20, "co_occurrence": 20}
USERS = np.arange(30)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Whole:
    return whole_release(tmp_path_factory.mktemp("ruled"), filters=FILTERS, **SIZES)


def lists(answer: Columns, name: str = "item_id") -> list[list[Any]]:
    column = answer[name]
    assert isinstance(column, Ragged)
    return [column[row].tolist() for row in range(len(column))]


def may(item: dict[str, Any], user: dict[str, Any], country: str | None) -> bool:
    """The four filters of `FILTERS`."""
    land, age = country or user["country"], user["age"]
    allowed = not item["countries"] or land is None or land in item["countries"]
    old_enough = item["age_limit"] is None or (age is not None and item["age_limit"] <= age)
    stocked = item["stock"] is not None and item["stock"] > 0
    return allowed and old_enough and stocked and item["author"] not in user["blocked"]


@pytest.mark.parametrize("country", [None, "FR"])
def test_filters_leave_what_plain_python_leaves(whole: Whole, country: str | None) -> None:
    parts = whole.parts
    codes = parts.workflow.encode("user_id", USERS).astype(np.int64)
    offline = recommend(parts.data, parts.sources, parts.ranking, codes, 100)
    items = {row["item_id"]: row for row in whole.items.to_dicts()}
    expected = []
    for user, final in zip(whole.users.to_dicts(), offline.final, strict=True):
        ids = parts.workflow.decode("item_id", final[final > 0]).tolist()
        expected.append({item for item in ids if may(items[item], user, country)})
        assert expected[-1] < set(ids)
    request: Columns = {"user_id": USERS, "k": np.full(30, 100, np.int32)}
    if country:
        request["context_country"] = np.full(30, country.encode())
    answer = Ensemble.of(whole.release).transform(request)
    assert [set(found) for found in lists(answer)] == expected
    assert any(expected)
    for row, found in enumerate(lists(answer)):  # what is left is scored as if nothing had been removed
        own = dict(zip(parts.workflow.decode("item_id", offline.final[row]).tolist(), offline.scores[row], strict=True))
        np.testing.assert_allclose(lists(answer, "score")[row], [own[item] for item in found], rtol=1e-4, atol=1e-5)


def test_an_unknown_user_gets_what_is_popular_and_allowed(whole: Whole) -> None:
    request: Columns = {"user_id": np.array([12345]), "k": np.array([5], np.int32)}
    item_state, nobody = whole.parts.sources.item_state, {"country": None, "age": None, "blocked": []}
    popular = np.lexsort((np.arange(item_state.items), -item_state.total, -item_state.popular))
    ids = [int(whole.parts.workflow.decode("item_id", np.array([c]))[0]) for c in popular if item_state.total[c] > 0]
    items = {row["item_id"]: row for row in whole.items.to_dicts()}
    available = set(whole.parts.workflow.decode("item_id", np.flatnonzero(item_state.available)).tolist())
    expected = [item for item in ids if item in available and may(items[item], nobody, "US")][:5]
    answer = Ensemble.of(whole.release).transform(request | {"context_country": np.array([b"US"])})
    assert lists(answer) == [expected] and len(expected) == 5
    assert lists(answer, "source") == [[130] * 5]


ORDERINGS = {
    "diversity": OrderingConfig(maximal_marginal_relevance=Diversity(0.3)),
    "quotas": OrderingConfig(category_quotas=Quota("genres", most=1)),
    "calibrated": OrderingConfig(calibrated=Calibrated("price", 0.9, buckets=3)),
    "sampling": OrderingConfig(softmax_sampling=Sampling(2.0)),
    "boosts": OrderingConfig(boosts=(Boost("genres", {"g1": 5.0}), Boost("genres", {"g1": 3.0, "g2": -4.0}))),
}


@pytest.fixture(scope="module")
def ordered(whole: Whole, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Ensemble]:
    """The same release with other orderings, its filters left out."""
    found = {}
    for name, ordering in {**ORDERINGS, "plain": OrderingConfig()}.items():
        config = described(whole, ordering=ordering)
        found[name] = shop_ensemble("whole", config).bind(whole.release)
    return found


def described(whole: Whole, **more: Any) -> FourStagesConfig:
    parts, raw = whole.parts, Schema.from_polars(whole.users.drop("user_id"))
    return FourStagesConfig(
        "int64",
        "int64",
        raw,
        parts.data.user_schema,
        parts.data.item_schema,
        *stages_of(parts),
        candidates=parts.config.candidates,
        **more,
    )


@pytest.mark.parametrize("name", ORDERINGS)
def test_every_ordering_is_there_and_has_its_exact_order(whole: Whole, ordered: dict[str, Ensemble], name: str) -> None:
    request: Columns = {"user_id": np.append(USERS, 999), "k": np.full(31, 6, np.int32)}
    if name == "sampling":
        request["seed"] = np.arange(31)
    plain, mine = ordered["plain"].transform(without_seed(request)), ordered[name].transform(request)
    assert lists(mine) != lists(plain)
    exact = exact_order(ordered[name]).bind(whole.release).transform(request)
    if name == "boosts":  # changes scores, and then the order is that of scores
        assert lists(exact) == lists(mine)
        best, before = ([scores[0] for scores in lists(found, "score")[:30]] for found in (mine, plain))
        assert max(best) > max(before) + 4.0
    else:
        assert lists(exact) == lists(plain) and lists(exact, "score") == lists(plain, "score")
        assert [len(items) for items in lists(mine)] == [len(items) for items in lists(plain)]


def without_seed(request: Columns) -> Columns:
    return {name: column for name, column in request.items() if name != "seed"}


def config(**more: Any) -> FourStagesConfig:
    users = Schema([ColumnSchema("user_id", "int32", frozenset({Tags.USER_ID}))])
    items = Schema([ColumnSchema("item_id", "int32", frozenset({Tags.ITEM_ID})), ColumnSchema("studio", "int32")])
    raw = Schema([ColumnSchema("country", "string")])
    return FourStagesConfig("int64", "int64", raw, users, items, *described_stages(users, items), **more)


STOCK = Condition("stock", "stock", "above", value=0)
TYPES = Schema([ColumnSchema("stock", "float64"), ColumnSchema("countries", "string", is_list=True)])


def test_what_filters_ask_a_request_for_may_be_left_out() -> None:
    filters = (
        Condition("land", "countries", "contains", request="country"),
        Condition("enough", "stock", "at_least", request="pieces"),
        STOCK,
    )
    inputs = shop_ensemble("shop", config(filters=filters, attributes=TYPES)).inputs
    assert inputs.names[-2:] == ["context_country", "context_pieces"]
    assert [inputs[name].dtype for name in ("context_country", "context_pieces")] == ["string", "float64"]


@pytest.mark.parametrize(
    ("more", "error", "reason"),
    [
        (
            {"filters": (Condition("age", "stock", "at_most", user="age"),), "attributes": TYPES},
            ValueError,
            "the filter 'age' reads the user column 'age', and the users table has country",
        ),
        (
            {"filters": (Condition("age", "stock", "at_most", user="country"),), "attributes": TYPES},
            TypeError,
            "needs the scalar column 'country' of float64 .* gives the scalar column 'country' of string",
        ),
        (
            {
                "filters": (
                    Condition("one", "stock", "at_most", request="x"),
                    Condition("two", "countries", "contains", request="x"),
                ),
                "attributes": TYPES,
            },
            ValueError,
            "'one' and 'two' both read 'x' of the request, the one as float64, the other as string",
        ),
        (
            {"ordering": OrderingConfig(boosts=(Boost("studio", {"a": 1}), Boost("colour", {"b": 1})))},
            ValueError,
            r"serving.ordering.boosts.1.column is 'colour', which is no item feature; there are item_id, studio",
        ),
    ],
)
def test_what_does_not_fit_is_named(more: dict[str, Any], error: type[Exception], reason: str) -> None:
    with pytest.raises(error, match=reason):
        shop_ensemble("shop", config(**more))


def test_attributes_lie_by_code_and_come_back(whole: Whole, tmp_path: Path) -> None:
    table = whole.items.with_columns(extra=pl.lit("x"))
    twice = pl.concat(
        [table, table.head(1).with_columns(stock=pl.lit(-1.0)), table.head(1).with_columns(item_id=pl.lit(5, pl.Int64))]
    )
    found = ItemAttributes.of(twice, ["stock", "author"], whole.parts.workflow, whole.parts.data.items.size)
    found.save(tmp_path / "part")
    read = ItemAttributes.load(tmp_path / "part").frame
    assert read.equals(found.frame) and read.columns == ["author", "stock"]
    codes = whole.parts.workflow.encode("item_id", table["item_id"].to_numpy())
    assert read["stock"].gather(codes).to_list() == table["stock"].to_list()  # the first of two rows counts
    assert read.head(3).null_count().row(0) == (3, 3)
    with pytest.raises(ValueError, match=r"the item column 'colour', and the items table has item_id, price"):
        ItemAttributes.of(table, ["colour"], whole.parts.workflow, 100)


def test_filters_need_the_items_table() -> None:
    with pytest.raises(ValueError, match="give the items table"):
        ListRules((STOCK,))
    assert ListRules().attributes(replace, 3) is None  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: Diversity(1.5), "relevance_weight is 1.5, expected a number from 0 to 1"),
        (lambda: Quota("a", most=0), "most is 0, expected a whole number from 1 to 1,000"),
        (lambda: Calibrated("a", pool=0), "pool is 0"),
        (lambda: Sampling(-1), "temperature is -1, expected a number from 0 to 1,000"),
        (lambda: Boost("a", {}), "the boost of 'a' names no value"),
        (
            lambda: OrderingConfig(Sampling(), Diversity()),
            "softmax_sampling and maximal_marginal_relevance",
        ),
    ],
)
def test_orderings_out_of_range_are_refused(make: Any, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        make()
