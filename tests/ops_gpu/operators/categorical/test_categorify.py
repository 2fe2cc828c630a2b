from __future__ import annotations

import re
from collections import Counter
from itertools import combinations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops_gpu.operators import Categorify
from ops_gpu.workflow.statistics import Statistics
from ops_gpu.workflow.workflow import Workflow


def codes(workflow: Workflow, column: str, values: list[object]) -> list[int]:
    dtype = workflow.input_schema[column].polars_dtype
    return workflow.transform(pl.DataFrame({column: pl.Series(values, dtype=dtype)}))[column].to_list()


def fitted(values: list[object], operator: Categorify | None = None) -> Workflow:
    return Workflow(["a"] >> (operator or Categorify())).fit(pl.DataFrame({"a": values}))


def test_layout_is_padding_null_unknown_then_frequency() -> None:
    workflow = fitted(["a", "b", "b", "b", "c", "c", None])
    assert codes(workflow, "a", ["b", "c", "a", None, "x"]) == [3, 4, 5, 1, 2]
    column = workflow.output_schema["a"]
    assert (column.cardinality, column.embedding_dim, column.dtype) == (6, 8, "int32")


def test_ties_go_by_value() -> None:
    assert fitted(["b", "a", "ü", "Z", ""]).vocabulary("a").to_list() == ["", "Z", "a", "b", "ü"]


@given(st.lists(st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1), st.integers(0, 5)), max_size=60))
def test_codes_are_those_of_a_plain_count(values: list[int | None]) -> None:
    frame = pl.DataFrame({"a": pl.Series(values, dtype=pl.Int64)})
    workflow = Workflow(["a"] >> Categorify()).fit(frame)
    counts = Counter(value for value in values if value is not None)
    order = sorted(counts, key=lambda value: (-counts[value], value))
    expected = [1 if value is None else 3 + order.index(value) for value in values]
    assert workflow.transform(frame)["a"].to_list() == expected


def test_threshold_and_size() -> None:
    values: list[object] = ["a", "b", "b", "c", "c", "c"]
    assert fitted(values, Categorify(freq_threshold=2)).vocabulary("a").to_list() == ["c", "b"]
    assert fitted(values, Categorify(freq_threshold={"a": 3})).vocabulary("a").to_list() == ["c"]
    limited = fitted(values, Categorify(max_size=4))
    assert limited.vocabulary("a").to_list() == ["c"]
    assert limited.output_schema["a"].cardinality == 4
    with pytest.raises(ValueError, match="freq_threshold for b; add that of 'a'"):
        fitted(values, Categorify(freq_threshold={"b": 3}))


@pytest.mark.parametrize("threshold", [0, 2])
@pytest.mark.parametrize("buckets", [None, 1, 3, 10])
@pytest.mark.parametrize("over", [None, 0, 1, 2, 5])
def test_sizes_buckets_and_thresholds_go_together(over: int | None, buckets: int | None, threshold: int) -> None:
    """As in NVTabular `max_size` counts padding, null and buckets; at its least nothing but these is left."""
    values: list[object] = ["a", "b", "b", "c", "c", "c", None]
    below = 2 + (buckets or 1)
    size = 0 if over is None else below + over
    frequent = ["c", "b"] if threshold else ["c", "b", "a"]
    expected = frequent if over is None else frequent[:over]
    for named in (False, True):
        given = [{"a": n, "other": n} if named and n else n for n in (threshold, size, buckets)]
        workflow = fitted(values, Categorify(*given))  # type: ignore[arg-type]
        assert workflow.vocabulary("a").to_list() == expected
        assert (workflow.first_code("a"), workflow.output_schema["a"].cardinality) == (below, below + len(expected))
        found = codes(workflow, "a", values)
        assert [found[values.index(value)] for value in expected] == list(range(below, below + len(expected)))
        assert all(
            2 <= code < below for code, value in zip(found, values, strict=True) if value in {*"abc"} - {*expected}
        )
        assert workflow.encode("a", np.array(["c", "new"])).tolist() == codes(workflow, "a", ["c", "new"])
        assert workflow.invert("a", pl.Series(found)).to_list() == [v if v in expected else None for v in values]


def test_sizes_that_are_too_small_are_told_before_anything_is_fitted() -> None:
    for too_small, least in (((0, 2), 3), ((0, 11, 10), 12), ((0, -1), 3), ((0, 3, {"a": 1, "b": 2}), 4)):
        with pytest.raises(ValueError, match=rf"max_size .*, and {least} codes are for .*give at least {least}"):
            Categorify(*too_small)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"max_size 5 for 'b', and 6 codes"):
        Categorify(max_size={"a": 5, "b": 5}, num_buckets={"a": 3, "b": 4})


def test_buckets_take_what_is_unknown() -> None:
    workflow = fitted([1, 1, 2, None], Categorify(num_buckets=5))
    assert codes(workflow, "a", [1, 2, None]) == [7, 8, 1]
    unknown = codes(workflow, "a", list(range(100, 200)))
    assert set(unknown) == {2, 3, 4, 5, 6}
    assert workflow.first_code("a") == 7
    with pytest.raises(ValueError, match="num_buckets 0"):
        Categorify(num_buckets=0)


def test_one_domain_for_ids_and_histories() -> None:
    frame = pl.DataFrame({"item_id": [1, 2], "history": [[2, 3, 3], None]})
    workflow = Workflow(["item_id", "history"] >> Categorify(domain="item_id")).fit(frame)
    found = workflow.transform(frame)
    assert found.to_dict(as_series=False) == {"item_id": [5, 3], "history": [[3, 4, 4], []]}
    schema = workflow.output_schema
    assert schema["item_id"].domain == schema["history"].domain
    assert schema["history"].is_list


def test_groups_share_a_vocabulary() -> None:
    frame = pl.DataFrame({"home": ["x", "y"], "away": ["y", "z"], "day": ["m", "m"]})
    workflow = Workflow([["home", "away"], "day"] >> Categorify()).fit(frame)
    assert workflow.transform(frame).to_dict(as_series=False) == {
        "home": [4, 3],
        "away": [3, 5],
        "day": [3, 3],
    }
    assert workflow.output_schema["home"].domain.name == "home_away"  # type: ignore[union-attr]
    with pytest.raises(ValueError, match="column 'a' in two groups"):
        [["a", "b"], ["a", "c"]] >> Categorify()


def test_a_list_without_a_null_or_an_element() -> None:
    frame = pl.DataFrame({"a": [["x"], [], None, [None, "y"]]})
    workflow = Workflow(["a"] >> Categorify()).fit(frame)
    assert workflow.transform(frame)["a"].to_list() == [[3], [], [], [1, 4]]


def test_nullable_ids_keep_every_bit() -> None:
    """NVTabular sends them through float64: 2^60+1 and 2^60+2 get one code."""
    workflow = fitted([2**60 + 1, 2**60 + 2, None])
    assert codes(workflow, "a", [2**60 + 1, 2**60 + 2, 2**60 + 3, None]) == [3, 4, 2, 1]


def test_a_batch_of_nulls_alone() -> None:
    """NVTabular raises IndexError."""
    workflow = fitted(["a", None])
    assert codes(workflow, "a", [None]) == [1]
    assert workflow.transform(pl.DataFrame({"a": [None]}))["a"].to_list() == [1]


def test_what_was_all_null_knows_nothing_but_null() -> None:
    workflow = Workflow(["a"] >> Categorify()).fit(pl.DataFrame({"a": [None, None]}))
    assert workflow.transform(pl.DataFrame({"a": ["x", None]}))["a"].to_list() == [2, 1]
    assert workflow.transform(pl.DataFrame({"a": [float("nan"), 1.0]}))["a"].to_list() == [1, 2]


def test_unsigned_limits() -> None:
    frame = pl.DataFrame({"a": pl.Series([2**64 - 1, 0, None], dtype=pl.UInt64)})
    assert Workflow(["a"] >> Categorify()).fit(frame).transform(frame)["a"].to_list() == [4, 3, 1]


def test_another_type_than_fitted_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"column 'a' is of type String, and was Int64.*cast"):
        fitted([1, 2]).transform(pl.DataFrame({"a": ["1"]}))
    assert fitted([1, 2]).transform(pl.DataFrame({"a": pl.Series([2], dtype=pl.Int8)}))["a"].to_list() == [4]
    with pytest.raises(ValueError, match=r"'a' is of type Struct"):
        fitted([{"x": 1}])


def test_parts_of_different_types_do_not_merge() -> None:
    workflow = Workflow(["a"] >> Categorify())
    parts = [workflow.partial(pl.DataFrame({"a": values})) for values in (["1"], [1])]
    with pytest.raises(ValueError, match="'a' is string in one part and int64 in another"):
        Statistics.merge(parts)


def test_updates_append_and_move_nothing() -> None:
    workflow = fitted(["b", "b", "a"])
    workflow.update(pl.DataFrame({"a": ["z", "z", "z", "a", "c"]}))
    assert workflow.vocabulary("a").to_list() == ["b", "a", "z", "c"]
    workflow.update(pl.DataFrame({"a": ["c"] * 9}))
    assert workflow.vocabulary("a").to_list() == ["b", "a", "z", "c"]


@given(st.lists(st.lists(st.integers(0, 9), min_size=1, max_size=8), min_size=1, max_size=5))
def test_every_id_that_was_given_out_stays(days: list[list[int]]) -> None:
    workflow = Workflow(["a"] >> Categorify(freq_threshold=2))
    workflow.fit(pl.DataFrame({"a": days[0]}))
    for day in days[1:]:
        before = workflow.vocabulary("a").to_list()
        workflow.update(pl.DataFrame({"a": day}))
        assert workflow.vocabulary("a").to_list()[: len(before)] == before
    everything = [value for day in days for value in day]
    refit = Workflow(["a"] >> Categorify(freq_threshold=2)).fit(pl.DataFrame({"a": everything}))
    assert set(workflow.vocabulary("a")) == set(refit.vocabulary("a"))


def test_the_limit_holds_when_appending() -> None:
    workflow = fitted(["a", "a", "b"], Categorify(max_size=6))
    workflow.update(pl.DataFrame({"a": ["c", "d", "d", "d"]}))
    assert workflow.vocabulary("a").to_list() == ["a", "b", "d"]


def test_a_catalogue_gives_codes_to_items_without_events() -> None:
    workflow = Workflow(["user_id", "item_id"] >> Categorify())
    events = workflow.partial(pl.DataFrame({"user_id": [1, 1], "item_id": ["b", "b"]}))
    catalogue = workflow.for_inputs(["item_id"]).partial(pl.DataFrame({"item_id": ["c", "a", "b"]}), weight=0)
    workflow.finalize(Statistics.merge([events, catalogue]))
    assert workflow.vocabulary("item_id").to_list() == ["b", "a", "c"]
    assert workflow.vocabulary("user_id").to_list() == [1]
    merged = Statistics.merge([catalogue, events]).tables["1"]["item_id"]
    assert dict(merged.iter_rows()) == {"a": 0, "b": 2, "c": 0}


def test_a_request_of_one_null() -> None:
    """NVTabular fails in a one-row batch whose only category is null."""
    frame = pl.DataFrame({"a": ["x", None, "y"], "b": [2**60 + 1, 2**60 + 2, None]})
    workflow = Workflow(["a", "b"] >> Categorify()).fit(frame)
    whole = workflow.transform(frame)
    assert [workflow.transform(frame[i]).row(0) for i in range(3)] == whole.rows()
    assert workflow.transform(pl.DataFrame({"a": [None], "b": [None]})).row(0) == (1, 1)


def test_nulls_count_right_in_many_parts() -> None:
    """NVTabular swaps null and non-null rows in `_top_level_groupby` with split_out > 1: all land in one part."""
    values: list[object] = [*range(500), *([None] * 7), *range(0, 500, 2)]
    workflow = Workflow(["a"] >> Categorify())
    frame = pl.DataFrame({"a": pl.Series(values, dtype=pl.Int64)})
    merged = Statistics.merge([workflow.partial(frame[start : start + 11]) for start in range(0, len(frame), 11)])
    assert dict(merged.tables["1"]["a"].iter_rows()) == Counter(values)
    assert workflow.finalize(merged).transform(frame).equals(Workflow(["a"] >> Categorify()).fit_transform(frame))


ALIKE = pl.DataFrame(
    {"int": [1, 2], "small": [2, 3], "flag": [True, False], "text": ["1", "x"], "float": [1.0, 0.5], "wide": [1, 2]},
    schema_overrides={"small": pl.UInt8, "wide": pl.UInt64},
).with_columns(kind=pl.col("text").cast(pl.Categorical), lists=pl.concat_list("int"), nulls=None)


@pytest.mark.parametrize("group", list(combinations(ALIKE.columns, 2)), ids="-".join)
@pytest.mark.parametrize("shared", ["group", "domain", "given"])
def test_what_is_fitted_together_can_be_transformed_together(group: tuple[str, str], shared: str) -> None:
    """Refused at the fit, with columns and types, where values have no common form; never integers as floats."""
    integers, texts = {"int", "small", "flag", "lists", "nulls"}, {"text", "kind", "nulls"}
    value = "x" if set(group) <= texts or ("nulls" in group and "text" in group) else 1
    vocabs = {"_".join(group): [value]} if shared == "given" else None
    coder = Categorify(domain="d" if shared == "domain" else None, vocabs=vocabs)
    workflow = Workflow((list(group) if shared == "domain" else [list(group)]) >> coder)
    if set(group) <= integers or set(group) <= texts or "nulls" in group:
        assert workflow.fit(ALIKE).transform(ALIKE).columns == list(group)
        return
    first, second = (f"'{name}' ({ALIKE.schema[name]})" for name in group)
    with pytest.raises(ValueError, match=re.escape(f"the columns {first}, {second} share one vocabulary")):
        workflow.fit(ALIKE)
