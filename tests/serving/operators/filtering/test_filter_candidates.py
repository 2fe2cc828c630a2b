from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops_gpu.primitives.ragged import Ragged
from ops_gpu.schema.column import ColumnSchema
from ops_gpu.schema.schema import Schema
from serving.operators.filtering.filter_candidates import SEEN, UNAVAILABLE, FilterCandidates
from serving.request.columns import Columns
from serving.rules.condition import Condition
from serving.rules.item_attributes import ItemAttributes

AVAILABLE = np.arange(20) % 5 != 0


def bound(repeats: bool) -> FilterCandidates:
    release: Any = SimpleNamespace(shared=lambda part, load: SimpleNamespace(available=AVAILABLE))
    operator = FilterCandidates(repeats)
    operator.bind(release)
    return operator


def values(columns: Columns, name: str) -> list[list[Any]]:
    column = columns[name]
    assert isinstance(column, Ragged)
    return [column[row].tolist() for row in range(len(column))]


CODES = st.lists(st.lists(st.integers(0, 19), unique=True, max_size=8), min_size=3, max_size=3)


@given(CODES, CODES, st.booleans())
def test_each_user_keeps_what_is_available_and_unseen(
    candidates: list[list[int]], seen: list[list[int]], repeats: bool
) -> None:
    items = Ragged.from_lists(candidates, np.int32)
    rank = items.with_values(np.stack([items.values, -items.values], axis=1).astype(np.float32))
    past = Ragged.from_lists(seen, np.int32)
    result = bound(repeats).transform({"candidate_item": items, "candidate_rank": rank, "seen_item": past})
    for row, codes in enumerate(candidates):
        gone = {code: UNAVAILABLE * (code % 5 == 0) + SEEN * (not repeats and code in seen[row]) for code in codes}
        assert values(result, "candidate_item")[row] == [code for code in codes if not gone[code]]
        assert values(result, "candidate_rank")[row] == [[code, -code] for code in codes if not gone[code]]
        removed = [(code, reason) for code, reason in gone.items() if reason]
        assert (
            list(zip(values(result, "removed_item")[row], values(result, "removed_reason")[row], strict=True))
            == removed
        )


def test_a_batch_without_any_candidate() -> None:
    empty = Ragged.from_lists([[], []], np.int32)
    result = bound(False).transform({"candidate_item": empty, "seen_item": empty})
    assert values(result, "candidate_item") == [[], []]


ATTRIBUTES = pl.DataFrame(
    {
        "stock": [None, None, None, 4.0, 0.0, 2.0, None],
        "age_limit": [None, None, None, 0, 18, None, 18],
        "countries": [[], [], [], ["DE"], ["DE", "FR"], ["FR"], []],
        "author": [None, None, None, "ann", "bob", "ann", "cy"],
    },
    schema_overrides={"age_limit": pl.Int64},
)
CONDITIONS = (
    Condition("sold_out", "stock", "above", value=0),
    Condition("too_young", "age_limit", "at_most", user="age", unknown_user="remove"),
    Condition("country", "countries", "contains", request="country"),
    Condition("blocked", "author", "not_in", user="blocked"),
)


def ruled(attributes: pl.DataFrame = ATTRIBUTES) -> FilterCandidates:
    operator = FilterCandidates(
        True,
        conditions=tuple(condition.to_dict() for condition in CONDITIONS),
        attributes=Schema.from_polars(ATTRIBUTES).to_dict(),
    )
    parts = {"snapshot": SimpleNamespace(available=np.ones(7, np.bool_)), "item_attributes": ItemAttributes(attributes)}
    release: Any = SimpleNamespace(shared=lambda part, load: parts[part])
    operator.bind(release)
    return operator


def test_each_removal_has_its_reasons_by_name() -> None:
    operator = ruled()
    items = Ragged.from_lists([[3, 4, 5, 6], [3, 4, 5, 6], []], np.int32)
    columns: Columns = {
        "candidate_item": items,
        "candidate_score": items.with_values(items.values.astype(np.float32)),
        "age": np.array([20.0, np.nan, 5.0]),
        "context_country": np.array([b"FR", b"", b"DE"]),
        "blocked": Ragged.from_lists([[], [b"cy", b"zoe"], [b"ann"]], "S3"),
    }
    result = operator.transform(columns)
    assert operator.reasons() == {2: "unavailable", 4: "sold_out", 8: "too_young", 16: "country", 32: "blocked"}
    said = [
        [
            (code, {name for bit, name in operator.reasons().items() if bits & bit})
            for code, bits in zip(codes, reasons, strict=True)
        ]
        for codes, reasons in zip(values(result, "removed_item"), values(result, "removed_reason"), strict=True)
    ]
    assert said == [
        [(3, {"country"}), (4, {"sold_out"})],
        [(3, {"too_young"}), (4, {"sold_out", "too_young"}), (6, {"too_young", "blocked"})],
        [],
    ]
    assert values(result, "candidate_item") == [[5, 6], [5], []]
    assert values(result, "candidate_score") == [[5.0, 6.0], [5.0], []]


def test_item_columns_of_another_type_are_named() -> None:
    with pytest.raises(ValueError, match=r"'stock' is Float64, that of the release is String"):
        ruled(ATTRIBUTES.with_columns(pl.col("stock").cast(pl.String)))
    with pytest.raises(ValueError, match=r"'author' is String, that of the release is not there"):
        ruled(ATTRIBUTES.drop("author"))


def test_conditions_that_cannot_be_told_apart_or_read_are_refused() -> None:
    stock = Schema([ColumnSchema("stock", "float64")]).to_dict()
    one = Condition("seen", "stock", "above", value=0).to_dict()
    with pytest.raises(ValueError, match="two reasons to remove a candidate are named 'seen'"):
        FilterCandidates(conditions=(one,), attributes=stock)
    with pytest.raises(ValueError, match="reads 'stock'; attributes has none"):
        FilterCandidates(conditions=({**one, "name": "sold_out"},))
    many = tuple({**one, "name": f"rule {number}"} for number in range(31))
    with pytest.raises(ValueError, match="there are 31 filters, and at most 30"):
        FilterCandidates(conditions=many, attributes=stock)
    assert len(FilterCandidates(conditions=many[:30], attributes=stock).reasons()) == 32
