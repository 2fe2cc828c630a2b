from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from ops_gpu.graph.operator import Operator
from ops_gpu.operators import Categorify
from ops_gpu.workflow.statistics import Statistics
from ops_gpu.workflow.workflow import Workflow


def fitted(values: object, operator: Categorify, dtype: object = None) -> Workflow:
    return Workflow(["a"] >> operator).fit(pl.DataFrame({"a": pl.Series(values, dtype=dtype)}))  # type: ignore


def codes(workflow: Workflow, values: object, dtype: object = None) -> list[int]:
    return workflow.transform(pl.DataFrame({"a": pl.Series(values, dtype=dtype)}))["a"].to_list()  # type: ignore


def test_the_order_given_is_that_of_the_codes() -> None:
    workflow = fitted(["a", "b", "b", "new"], Categorify(vocabs={"a": ["z", None, "a", "b"]}))
    assert workflow.vocabulary("a").to_list() == ["z", "a", "b"]
    assert codes(workflow, ["z", "a", "b", "new", None]) == [3, 4, 5, 2, 1]
    assert workflow.output_schema["a"].cardinality == 6
    assert workflow.encode("a", np.array([b"b", b"new"])).tolist() == [5, 2]


@pytest.mark.parametrize("buckets", [2, 10])
def test_given_vocabularies_with_buckets(buckets: int) -> None:
    """NVTabular#1857: codes are wrong with num_buckets > 1."""
    workflow = fitted([5, 6], Categorify(vocabs={"a": [30, 10, 20]}, num_buckets=buckets))
    first = 2 + buckets
    assert codes(workflow, [30, 10, 20, None]) == [first, first + 1, first + 2, 1]
    unknown = codes(workflow, list(range(100, 300)))
    assert set(unknown) == set(range(2, first))
    assert unknown == codes(fitted([1], Categorify(num_buckets=buckets)), list(range(100, 300)))
    assert workflow.output_schema["a"].cardinality == first + 3
    assert workflow.invert("a", np.array([first, first + 2, 2])).to_list() == [30, 20, None]


def test_nothing_is_learnt_or_appended(tmp_path: Path) -> None:
    workflow = fitted(["a"], Categorify(vocabs={"a": ["b"]}))
    workflow.update(pl.DataFrame({"a": ["c", "c"]}))
    workflow.save(tmp_path / "workflow", statistics=True)
    loaded = Workflow.load(tmp_path / "workflow").update(pl.DataFrame({"a": ["d"]}))
    assert loaded.vocabulary("a").to_list() == ["b"]
    parts = [workflow.partial(pl.DataFrame({"a": [value]})) for value in ("x", "y", None)]
    merged = Statistics.merge(parts)
    assert len(next(iter(merged.tables.values()))["a"]) == 0
    assert workflow.finalize(merged).vocabulary("a").to_list() == ["b"]


def test_other_columns_learn() -> None:
    frame = pl.DataFrame({"a": [1, 2], "b": [2, 2]})
    operator = Categorify(vocabs={"a": [2]}, freq_threshold={"b": 2}, max_size={"a": 0, "b": 4})
    assert Workflow(["a", "b"] >> operator).fit(frame).transform(frame).to_dict(as_series=False) == {
        "a": [2, 3],
        "b": [3, 3],
    }


def test_vocabularies_of_groups_domains_and_lists() -> None:
    frame = pl.DataFrame({"a": [1, 2], "b": [[2, 3], None]})
    for workflow in (
        Workflow([["a", "b"]] >> Categorify(vocabs={"a_b": [3, 2]})),
        Workflow(["a", "b"] >> Categorify(domain="id", vocabs={"id": [3, 2]})),
    ):
        assert workflow.fit(frame).transform(frame).to_dict(as_series=False) == {"a": [2, 4], "b": [[4, 3], []]}
    with pytest.raises(ValueError, match="for column 'a', which shares that of 'a_b'; give it under that name"):
        [["a", "b"]] >> Categorify(vocabs={"a": [1]})
    with pytest.raises(ValueError, match="for column 'a', which shares that of 'id'"):
        Categorify(domain="id", vocabs={"a": [1]})


def test_a_parquet_file_is_read_when_fitting(tmp_path: Path) -> None:
    path = tmp_path / "words.parquet"
    days = [date(2024, 1, 2), None, date(2024, 1, 1)]
    pl.DataFrame({"day": days, "count": [1, 2, 3]}).write_parquet(path)
    operator = Categorify(vocabs={"a": str(path)})
    workflow = fitted([date(2024, 1, 1)], operator)
    workflow.save(tmp_path / "workflow", statistics=True)
    path.unlink()
    loaded = Workflow.load(tmp_path / "workflow").update(pl.DataFrame({"a": [date(2024, 1, 3)]}))
    assert codes(loaded, [*days, date(2024, 1, 3)]) == [3, 1, 4, 2]
    with pytest.raises(ValueError, match=r"vocabulary of 'a' cannot be read from .*words\.parquet"):
        fitted([date(2024, 1, 1)], operator)


def test_a_value_that_comes_twice_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="vocabulary of 'a' has 'x' twice"):
        Categorify(vocabs={"a": ["x", "y", "x"]})
    with pytest.raises(ValueError, match=r"vocabulary of 'a' has \('x', 1\) twice"):
        Categorify(vocabs={"a": [("x", 1), ["x", 1]]})
    pl.DataFrame({"a": [1, 2, 2]}).write_parquet(tmp_path / "a.parquet")
    with pytest.raises(ValueError, match="vocabulary of 'a' has 2 twice"):
        fitted([1], Categorify(vocabs={"a": str(tmp_path / "a.parquet")}))


@pytest.mark.parametrize("parameter", ["freq_threshold", "max_size"])
@pytest.mark.parametrize("value", [9, {"a": 9}])
def test_limits_of_a_given_vocabulary_are_an_error(parameter: str, value: object) -> None:
    with pytest.raises(ValueError, match=rf"{parameter} .* given vocabulary for 'a'.*by name, for other columns"):
        Categorify(vocabs={"a": ["x"]}, **{parameter: value})  # type: ignore[arg-type]


def test_no_buckets_are_an_error() -> None:
    with pytest.raises(ValueError, match="num_buckets 0"):
        Categorify(vocabs={"a": ["x"]}, num_buckets=0)


def test_parameters_stay_plain() -> None:
    given = {"a": pl.Series([3, None, 1]), "b": np.array(["x"]), "c": [True, np.int64(2**60 + 1), float("nan")]}
    operator = Categorify(vocabs=given)
    assert operator.vocabs == {"a": (3, 1), "b": ("x",), "c": (True, 2**60 + 1)}
    assert Operator.from_dict(operator.to_dict()) == operator
    for odd in (date(2024, 1, 1), float("inf"), {"x": 1}):
        with pytest.raises(ValueError, match="write others to a Parquet file"):
            Categorify(vocabs={"a": [odd]})


@pytest.mark.parametrize(
    ("values", "dtype", "vocabulary"),
    [
        ([2**64 - 1, 5], pl.UInt64, [5, 2**64 - 1]),
        ([5, 7], pl.UInt64, [5, 7]),
        ([1.0, -0.0], pl.Float64, [1, 0]),
        ([True, False], pl.Boolean, [True, False]),
        ([5, 7], pl.Int8, [5, 7]),
        (["x", "y"], pl.Categorical, ["x", "y"]),
        ([2**60 + 1, 2**60 + 2], pl.Int64, [2**60 + 1, 2**60 + 2]),
    ],
)
def test_types_that_go_together(values: list[object], dtype: object, vocabulary: list[object]) -> None:
    workflow = fitted(values, Categorify(vocabs={"a": vocabulary}), dtype)
    order = sorted(range(len(values)), key=lambda place: vocabulary.index(values[place]))
    assert [codes(workflow, values, dtype)[place] for place in order] == [3, 4]


@pytest.mark.parametrize(
    ("values", "vocabulary"),
    [(["1"], [1]), ([1], ["1"]), ([1], [0.5]), ([1.0], [2**53 + 1]), ([date(2024, 1, 1)], ["2024-01-01"])],
)
def test_types_that_do_not(values: list[object], vocabulary: list[object]) -> None:
    with pytest.raises(
        ValueError, match=r"vocabulary of 'a' is of type .* and the data of type .*give it in that type"
    ):
        fitted(values, Categorify(vocabs={"a": vocabulary}))


@pytest.mark.parametrize("vocabulary", [[1, "x"], ["x", 1], [2**70]])
def test_values_of_several_types_are_an_error(vocabulary: list[object]) -> None:
    with pytest.raises(ValueError, match="vocabulary of 'a'"):
        fitted([1], Categorify(vocabs={"a": vocabulary}))


def test_empty_and_all_null() -> None:
    assert codes(fitted(["x"], Categorify(vocabs={"a": []})), ["x", None]) == [2, 1]
    assert codes(fitted([None], Categorify(vocabs={"a": ["x"]})), ["x", None, "y"]) == [3, 1, 2]
    assert codes(fitted([None], Categorify(vocabs={"a": []})), ["x", None]) == [2, 1]
