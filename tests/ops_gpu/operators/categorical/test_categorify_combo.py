from __future__ import annotations

from collections import Counter

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops_gpu.operators import Categorify
from ops_gpu.schema.schema import Schema
from ops_gpu.schema.tags import Tags
from ops_gpu.workflow.statistics import Statistics
from ops_gpu.workflow.workflow import Workflow

COMBO = Categorify(encode_type="combo")
TYPES = {"a": pl.String, "b": pl.Int64}
rows = st.lists(
    st.tuples(st.sampled_from([None, "x", "y"]), st.sampled_from([None, 2**60 + 1, 2**60 + 2])), max_size=30
)


def of(values: list[tuple[object, ...]]) -> pl.DataFrame:
    return pl.DataFrame(values, schema=TYPES, orient="row")


def combo(frame: pl.DataFrame, operator: Categorify = COMBO) -> Workflow:
    return Workflow([["a", "b"]] >> operator).fit(frame)


@given(rows, rows)
def test_codes_are_those_of_a_plain_count_of_tuples(values: list[tuple[object, ...]], unseen: object) -> None:
    workflow = combo(of(values))
    counts = Counter(value for value in values if value != (None, None))
    order = sorted(counts, key=lambda v: (-counts[v], *((part is not None, part or 0) for part in v)))
    known = {value: 3 + place for place, value in enumerate(order)} | {(None, None): 1}
    for batch in (values, unseen):
        frame = of(batch)  # type: ignore[arg-type]
        expected = [known.get(value, 2) for value in batch]  # type: ignore[attr-defined]
        assert workflow.transform(frame)["a_b"].to_list() == expected
        assert [workflow.transform(frame[i]).item() for i in range(len(frame))] == expected


def test_tuples_with_some_nulls_are_values() -> None:
    frame = of([("x", None), ("x", None), (None, 1), (None, None), ("x", 1)])
    workflow = combo(frame)
    assert workflow.output_columns == ["a_b"]
    assert workflow.transform(frame)["a_b"].to_list() == [3, 3, 4, 1, 5]
    assert workflow.transform(of([("y", None), (None, 7)]))["a_b"].to_list() == [2, 2]
    table = next(iter(workflow._state.nodes.values()))["a_b"]
    assert table.columns == ["key0", "key1"]
    assert table.rows() == [("x", None), (None, 1), ("x", 1)]


def test_not_a_number_is_null_in_a_tuple() -> None:
    frame = pl.DataFrame({"a": ["x", "x", None], "b": [float("nan"), None, float("nan")]})
    assert combo(frame).transform(frame)["a_b"].to_list() == [3, 3, 1]


def test_schema_of_a_combo() -> None:
    frame = pl.DataFrame({"a": ["x", "y"], "b": [1.5, 2.5], "c": [[1], [2]]})
    known = Schema.from_polars(frame, {"a": [Tags.USER, Tags.USER_ID], "b": [Tags.CONTINUOUS]})
    node = [["a", "b"], "c", "a"] >> Categorify(encode_type="combo", name_sep=" x ")
    schema = Workflow(node, known).fit(frame).output_schema
    assert schema.names == ["a x b", "c", "a"]
    column = schema["a x b"]
    assert (column.cardinality, column.embedding_dim, column.dtype) == (5, 8, "int32")
    assert column.domain.name == "a x b"  # type: ignore[union-attr]
    assert column.tags == {Tags.USER, Tags.CATEGORICAL}
    assert schema["c"].is_list


def test_a_column_may_stand_in_several_groups() -> None:
    frame = pl.DataFrame({"a": ["x", "x", "y"], "b": [1, 1, 1], "c": [True, False, None]})
    node = [["a", "b"], ["b", "c"], "b"] >> COMBO
    assert Workflow(node).fit(frame).transform(frame).to_dict(as_series=False) == {
        "a_b": [3, 3, 4],
        "b_c": [5, 4, 3],
        "b": [3, 3, 3],
    }


def test_workers_do_not_count_a_column_twice() -> None:
    operator = Categorify(encode_type="combo", groups=(("a", "b"), ("c", "d"), ("b",), ("b", "e"), ("f",)))
    assert operator.apart("abcdef") == [("c", "d"), ("a", "b", "e"), ("f",)]


def test_many_parts_count_as_one() -> None:
    values: list[tuple[object, ...]] = [("x", 1), (None, 1), ("x", None), (None, None), ("x", 1), (None, 1), ("x", 1)]
    workflow = Workflow([["a", "b"]] >> COMBO)
    parts = [workflow.partial(of([value])) for value in values]
    merged = Statistics.merge(parts)
    counts = {row[:2]: row[2] for row in next(iter(merged.tables.values()))["a_b"].iter_rows()}
    assert counts == {("x", 1): 3, (None, 1): 2, ("x", None): 1, (None, None): 1}
    assert workflow.finalize(merged).transform(of(values))["a_b"].to_list() == [3, 4, 5, 1, 3, 4, 3]


def test_updates_append_tuples_and_move_none() -> None:
    workflow = combo(pl.DataFrame({"a": [None, None], "b": [1, 2]}))
    workflow.update(of([("x", 1), ("x", 1), (None, 3), (None, 1)]))
    probe = of([(None, 1), (None, 2), ("x", 1), (None, 3), ("y", 1)])
    assert workflow.transform(probe)["a_b"].to_list() == [3, 4, 5, 6, 2]
    workflow.update(pl.DataFrame({"a": ["y"] * 9, "b": [None] * 9}))
    assert workflow.transform(probe)["a_b"].to_list() == [3, 4, 5, 6, 2]
    assert workflow.transform(of([("y", None)])).item() == 7


def test_thresholds_sizes_and_buckets_of_tuples() -> None:
    frame = of([("x", 1), ("x", 1), ("x", 2), ("y", 2), ("y", 2), ("y", 2), (None, None)])
    limited = combo(frame, Categorify(encode_type="combo", freq_threshold={"a_b": 2}, num_buckets=4))
    found = limited.transform(frame)["a_b"].to_list()
    assert [*found[:2], *found[3:]] == [7, 7, 6, 6, 6, 1]
    assert found[2] in range(2, 6)
    unknown = of([("z", number) for number in range(100)])
    assert set(limited.transform(unknown)["a_b"]) == {2, 3, 4, 5}
    pairs = pl.DataFrame({"a": [5, 6], "b": [6, 5]})
    swapped = combo(pairs.clear(), Categorify(encode_type="combo", num_buckets=1000)).transform(pairs)["a_b"]
    assert swapped.n_unique() == 2
    assert combo(frame, Categorify(encode_type="combo", max_size=4)).output_schema["a_b"].cardinality == 4


def test_given_tuples() -> None:
    operator = Categorify(encode_type="combo", vocabs={"a_b": [("y", 2), [None, 1], (None, None)]})
    frame = of([("x", 1), ("y", 2), (None, 1), (None, None)])
    assert combo(frame, operator).transform(frame)["a_b"].to_list() == [2, 3, 4, 1]
    with pytest.raises(ValueError, match=r"vocabulary of 'a_b' has 'x'; expected a tuple of 2 values"):
        combo(frame, Categorify(encode_type="combo", vocabs={"a_b": ["x"]}))


def test_what_makes_no_combo() -> None:
    lists = pl.DataFrame({"a": ["x"], "b": [[1]]})
    with pytest.raises(ValueError, match=r"column 'b' is of type List.*single values.*a, b; take it out"):
        combo(lists)
    with pytest.raises(ValueError, match=r"column 'b' is of type List.*take it out"):
        combo(of([("x", 1)])).transform(lists)
    with pytest.raises(ValueError, match="no groups for columns a, b; write those"):
        ["a", "b"] >> COMBO
    with pytest.raises(ValueError, match="encode_type 'both'; expected 'joint' or 'combo'"):
        Categorify(encode_type="both")
    with pytest.raises(ValueError, match=r"domain 'd'.*leave one of the two out"):
        Categorify(encode_type="combo", domain="d")
    with pytest.raises(ValueError, match="makes column 'a_b_c' of a_b, c and of a, b_c; choose another name_sep"):
        [["a_b", "c"], ["a", "b_c"]] >> COMBO


def test_a_part_of_the_columns_gives_the_combos_that_it_has() -> None:
    frame = pl.DataFrame({"a": ["x"], "b": [1], "c": [2]})
    workflow = Workflow([["a", "b"], ["b", "c"]] >> COMBO).fit(frame)
    assert workflow.for_inputs(["b", "c"]).transform(frame).to_dict(as_series=False) == {"b_c": [3]}


def test_combinations_have_no_single_value_to_give_back() -> None:
    frame = pl.DataFrame({"a": [1, 1], "b": ["x", "y"]})
    workflow = Workflow([["a", "b"]] >> Categorify(encode_type="combo")).fit(frame)
    assert workflow.encoded_from("a_b") is None
    with pytest.raises(ValueError, match="codes of combinations of columns"):
        workflow.vocabulary("a_b")
