"""Every comparison against what a person would write in plain Python, one candidate at a time."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ops_gpu.primitives.ragged import Ragged
from serving.operators.filtering.item_rule import ItemRule
from serving.request.columns import Columns
from serving.request.raw_columns import raw_column
from serving.rules.condition import Condition

TEXTS, NUMBERS = st.sampled_from(["a", "b", "ä", "abc", ""]), st.sampled_from([-1.5, 0.0, 2.0, 7.0])
WHOLE = st.sampled_from([-3, 0, 2, 7])
TYPES: dict[str, Any] = {"text": (TEXTS, pl.String), "number": (NUMBERS, pl.Float64), "whole": (WHOLE, pl.Int64)}
SCALAR = {
    "equals": lambda item, other: item == other,
    "differs": lambda item, other: item != other,
    "below": lambda item, other: item < other,
    "at_most": lambda item, other: item <= other,
    "at_least": lambda item, other: item >= other,
    "above": lambda item, other: item > other,
}
LISTED = {
    "in": lambda items, others: bool(set(items) & set(others)),
    "not_in": lambda items, others: not set(items) & set(others),
    "contains": lambda items, others: bool(set(items) & set(others)),
    "excludes": lambda items, others: not set(items) & set(others),
}
SCALARS = [(name, kind) for name in SCALAR for kind in TYPES if kind != "text" or name in ("equals", "differs")]


def maybe(values: Any) -> Any:
    return st.one_of(st.none(), values)


def said(value: Any) -> Any:
    """Empty text is null, as the tables have it."""
    return None if value == "" else value


def expected(condition: Condition, item: Any, other: Any) -> bool:
    """Whether a candidate is removed."""
    item = [said(v) for v in item if said(v) is not None] or None if isinstance(item, list) else said(item)
    if item is None:
        return condition.unknown_item == "remove"
    if not isinstance(other, list) and said(other) is None:
        return condition.unknown_user == "remove"
    if condition.comparison in SCALAR:
        return not SCALAR[condition.comparison](item, other)
    items = item if isinstance(item, list) else [item]
    others = [said(v) for v in other] if isinstance(other, list) else [said(other)]
    return not LISTED[condition.comparison](items, others)


def applied(
    condition: Condition, items: list[Any], kind: str, listed: bool, columns: Columns, users: int
) -> list[bool]:
    """The verdict on every item as a candidate of every user."""
    dtype = TYPES[kind][1]
    clean = [[said(v) for v in x] if isinstance(x, list) else said(x) for x in items]
    attribute = pl.Series("item", clean, dtype=pl.List(dtype) if listed else dtype)
    candidates = Ragged.from_lists([list(range(len(items)))] * users, np.int32)
    return ItemRule(condition, attribute).removed(candidates, columns).tolist()


unknown = st.sampled_from(["keep", "remove"])


@pytest.mark.parametrize(("comparison", "kind"), SCALARS)
@settings(max_examples=25)
@given(data=st.data())
def test_one_value_with_one_value_of_a_user(comparison: Any, kind: str, data: st.DataObject) -> None:
    values, dtype = TYPES[kind]
    items = data.draw(st.lists(maybe(values), min_size=1, max_size=5))
    others = data.draw(st.lists(maybe(values), min_size=1, max_size=4))
    condition = Condition(
        "r", "item", comparison, user="own", unknown_item=data.draw(unknown), unknown_user=data.draw(unknown)
    )
    columns: Columns = {"own": raw_column(pl.Series("own", others, dtype=dtype))}
    found = applied(condition, items, kind, False, columns, len(others))
    assert found == [expected(condition, item, other) for other in others for item in items]


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("listed", [False, True])
@pytest.mark.parametrize("comparison", ["in", "not_in"])
@settings(max_examples=25)
@given(data=st.data())
def test_one_value_or_a_list_with_a_list_of_a_user(
    comparison: Any, listed: bool, kind: str, data: st.DataObject
) -> None:
    values, dtype = TYPES[kind]
    if kind == "text":
        values = values.filter(bool)
    one = st.lists(values, max_size=3) if listed else maybe(values)
    items = data.draw(st.lists(one, min_size=1, max_size=5))
    others = data.draw(st.lists(st.lists(values, max_size=3), min_size=1, max_size=4))
    condition = Condition("r", "item", comparison, user="own", unknown_item=data.draw(unknown))
    columns: Columns = {"own": raw_column(pl.Series("own", others, dtype=pl.List(dtype)))}
    found = applied(condition, items, kind, listed, columns, len(others))
    assert found == [expected(condition, item, other) for other in others for item in items]


@pytest.mark.parametrize("comparison", ["contains", "excludes"])
@settings(max_examples=25)
@given(data=st.data())
def test_a_list_with_what_the_request_says_or_else_the_user(comparison: Any, data: st.DataObject) -> None:
    items = data.draw(st.lists(st.lists(TEXTS.filter(bool), max_size=3), min_size=1, max_size=5))
    pairs = data.draw(st.lists(st.tuples(maybe(TEXTS), maybe(TEXTS)), min_size=1, max_size=4))
    condition = Condition("r", "item", comparison, user="own", request="now", unknown_user=data.draw(unknown))
    own, now = (raw_column(pl.Series("x", [pair[n] for pair in pairs], dtype=pl.String)) for n in (0, 1))
    found = applied(condition, items, "text", True, {"own": own, "context_now": now}, len(pairs))
    others = [said(now) if said(now) is not None else own for own, now in pairs]
    assert found == [expected(condition, item, other) for other in others for item in items]


@pytest.mark.parametrize(("comparison", "kind"), [*SCALARS, ("in", "text"), ("not_in", "whole")])
@settings(max_examples=25)
@given(data=st.data())
def test_one_value_with_a_constant(comparison: Any, kind: str, data: st.DataObject) -> None:
    values = TYPES[kind][0].filter(lambda value: value != "")
    items = data.draw(st.lists(maybe(values), min_size=1, max_size=5))
    constant = data.draw(st.lists(values, min_size=1, max_size=3) if comparison in ("in", "not_in") else values)
    condition = Condition("r", "item", comparison, value=constant, unknown_item=data.draw(unknown))
    found = applied(condition, items, kind, False, {}, 2)
    assert found == [expected(condition, item, constant) for item in items] * 2


def test_whole_numbers_meet_numbers() -> None:
    condition = Condition("r", "item", "at_most", user="own", request="now", unknown_user="remove")
    own = np.array([18, np.iinfo(np.int64).min, np.iinfo(np.int64).min])
    now = np.array([np.nan, 20.5, np.nan], np.float32)
    found = applied(condition, [16, 19, 21], "whole", False, {"own": own, "context_now": now}, 3)
    assert found == [False, True, True, False, False, True, True, True, True]


@pytest.mark.parametrize("dtype", [pl.Float32, pl.Float64])
@pytest.mark.parametrize("comparison", ["at_most", "at_least", "equals"])
@pytest.mark.parametrize("constant", [True, False])
def test_numbers_of_items_are_met_as_they_are_held(dtype: Any, comparison: Any, constant: bool) -> None:
    """A tenth is not the same in 32 and in 64 bits; who asks for a tenth means what the item says."""
    prices = pl.Series("price", [0.1, 0.3], dtype=dtype)
    side: Any = {"value": 0.1} if constant else {"request": "price"}
    removed = ItemRule(Condition("r", "price", comparison, **side), prices).removed(
        Ragged.from_lists([[0, 1]], np.int32), {"context_price": np.array([0.1])}
    )
    assert not removed[0], "its own price"
    assert removed[1] == (comparison != "at_least")


def test_no_item_has_a_value() -> None:
    condition = Condition("r", "item", "in", user="own", unknown_item="remove")
    own = raw_column(pl.Series("own", [["a"]]))
    assert applied(condition, [None, None], "text", False, {"own": own}, 1) == [True, True]
