"""Expressions as data: the same bits, no code, no other row."""

from __future__ import annotations

import json
import math
import warnings
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops_gpu.expressions.refusals import NotData, NotRowWise, RunsCode
from ops_gpu.expressions.row_expression import RowExpression
from tests.ops_gpu.expressions.every_function import FRAME, every_expression

X, Y = pl.col("x"), pl.col("y")


def kept(expr: pl.Expr) -> pl.Expr:
    """The expression after it was written to a file and read."""
    return RowExpression(json.loads(json.dumps(RowExpression.of(expr).tree, allow_nan=False))).over({})


ALIKE = {
    "arithmetic": (X * 0.1 + Y // 3 - 2**X) % 7,
    "comparison": (X > 1) & ~(Y <= 2) | X.eq_missing(Y) ^ (X != 3),
    "condition": pl.when(X > 1).then(Y).when(Y.is_null()).then(0.5).otherwise(None),
    "cast": X.cast(pl.Float32).cast(pl.String).cast(pl.Datetime("ms", "UTC"), strict=False),
    "constants": X.is_in([1.5, math.nan, -math.inf, None]) & X.is_in(pl.Series([1, 2], dtype=pl.Int8)),
    "days": date(2024, 1, 1) < X,
    "moments": X - datetime(2024, 1, 1, 5) > timedelta(hours=1),
    "not finite": X * math.inf + pl.lit(math.nan),
    "large": X + (2**64 - 1) - 2**70,
    "text": X.str.to_lowercase().str.replace_all("ü\0", "€").str.strip_chars() + "𝄞",
    "lists": X.list.eval(pl.element().rank() / pl.element().max()).list.sort().list.len(),
    "filtered lists": X.list.filter(pl.element().is_in([1, 2])),
    "replaced": X.replace_strict({"a": 1, "b": None}, default=Y),
    "days replaced": X.replace({date(2024, 1, 1): date(2025, 1, 1)}),
    "many": X.is_in(list(range(300))),
    "time": X.dt.truncate("1d").dt.offset_by("1mo").dt.to_string("%Y-%m"),
    "several": pl.max_horizontal(X, Y, 3) + pl.sum_horizontal(X, Y) + pl.coalesce(X, Y, 0),
    "text of several": pl.concat_str(X, Y, separator="|") + pl.format("{}-{}", X, Y),
    "patterns": X.str.contains_any(["a", "b"]) | X.str.replace_many({"a": "b"}).str.contains("^a+$"),
    "buckets": X.cut([1, 2, math.inf], labels=["a", "b", "c", "d"]),
    "fields": X.str.split_exact("-", 1).struct.field("field_1"),
    "typed": X * pl.lit(1.5, dtype=pl.Float32) + pl.lit(None, dtype=pl.Int8) + np.int16(3),
}


@pytest.mark.parametrize("case", ALIKE)
def test_what_is_read_is_what_was_written(case: str) -> None:
    assert kept(ALIKE[case]).meta.serialize() == ALIKE[case].meta.serialize()


@given(st.floats(allow_nan=False) | st.just(math.nan), st.integers(-(2**127), 2**127 - 1), st.text())
def test_constants_keep_every_bit(number: float, integer: int, text: str) -> None:
    for expr in (X * number, X + integer, X + text, X.is_in([number]), X.replace({text: text})):
        assert kept(expr).meta.serialize() == expr.meta.serialize()


def test_columns_may_be_others() -> None:
    found = RowExpression.of(X / Y + X)
    assert found.columns == {"x", "y"}
    assert pl.DataFrame({"a b": [6], "y": [2]}).select(found.over({"x": "a b"})).item() == 9


LOOKS_ACROSS = {
    "mean": X - X.mean(),
    "over": X.sum().over("y"),
    "rank": X.rank(),
    "shift": X.shift(),
    "len": X / pl.len(),
    "cum_sum": X.cum_sum(),
    "sort": X.sort(),
    "first": X - X.first(),
    "rolling": X.rolling_mean(2),
    "diff": X.diff(),
    "another column": X.is_in(Y),
    "filled with the mean": X.fill_null(strategy="mean"),
    "shuffled": X.shuffle(),
    "a value a row": X + pl.lit(pl.Series([1, 2])),
    "all": pl.all(),
    "pattern": pl.col("^x.*$"),
    "forward": X.forward_fill(),
    "a format that is guessed": X.str.to_date(),
    "number of rows": pl.int_range(pl.len()) + X,
    "unique": X.is_unique(),
    "in a condition": pl.when(X.mean() < X).then(X),
    "in a list": pl.concat_list(X, X.max()),
}


@pytest.mark.parametrize("case", LOOKS_ACROSS)
def test_what_looks_at_other_rows_is_not_taken(case: str) -> None:
    with pytest.raises(NotRowWise, match="which looks at other rows, or is not known to look at one alone"):
        RowExpression.of(LOOKS_ACROSS[case])


def open_file(value: pl.Series) -> pl.Series:
    raise AssertionError("code was run")


RUNS_CODE = {
    "map_batches": X.map_batches(open_file, pl.Int64),
    "map_elements": X.map_elements(repr, pl.String),
    "numpy": np.log1p(X),
    "below": (X.map_batches(open_file, pl.Int64) + 1).abs(),
    "in a list": X.list.eval(pl.element().map_batches(open_file, pl.Int64)),
    "fold": pl.fold(pl.lit(0), lambda total, value: total + value, [X, Y]),
    "reduce": pl.reduce(lambda total, value: total + value, [X, Y]),
    "in a condition": pl.when(X.map_batches(open_file, pl.Boolean)).then(1),
    "what cannot be written": X.map_batches(partial(min, iter([1])), pl.Int64),
}


@pytest.mark.parametrize("case", RUNS_CODE)
def test_what_runs_code_is_not_taken(case: str) -> None:
    with pytest.raises((RunsCode, NotRowWise)):
        RowExpression.of(RUNS_CODE[case])


def test_functions_of_names_are_not_taken() -> None:
    for expr in (X.name.map(str.upper), pl.struct(X).name.map_fields(str.upper)):
        with pytest.raises((RunsCode, NotRowWise)):
            RowExpression.of(expr)


def test_constants_without_a_form_as_data_are_named() -> None:
    for expr in (X.is_in([{"a": 1}]), X.cast(pl.Enum(["a"])), pl.lit(object(), allow_object=True) == X):
        with pytest.raises((NotData, RunsCode)):
            RowExpression.of(expr)


def trees_with_code(path: Path) -> dict[str, Any]:
    """Trees as Polars reads them, with code in every place where it could stand."""
    payload = f"cos\nsystem\n(S'touch {path}'\ntR.".encode()  # a pickle that leaves a file behind when it is loaded
    column, bare = {"Column": "x"}, {"Function": {"input": [{"Column": "x"}], "function": "Abs"}}
    udf = b"PLPYFN" + payload
    return {
        "function": {"AnonymousFunction": {"input": [column], "function": udf, "options": {}}},
        "list of numbers": {"AnonymousFunction": {"input": [column], "function": list(udf), "options": {}}},
        "below": {
            "BinaryExpr": {"left": column, "op": "Plus", "right": {"AnonymousFunction": {"function": list(udf)}}}
        },
        "plugin": {
            "Function": {"input": [column], "function": {"FfiPlugin": {"lib": "x.so", "symbol": "f", "kwargs": []}}}
        },
        "callback": {"Function": {"input": [column], "function": {"FoldHorizontal": {"callback": list(udf)}}}},
        "renamed": {"RenameAlias": {"function": {"Map": list(udf)}, "expr": column}},
        "a plan": {"SubPlan": [list(udf), []]},
        "a constant": {"Literal": {"Series": list(udf)}},
        "an object": {"Literal": {"Scalar": {"Object": list(udf)}}},
        "a parameter": {"Function": {"input": [column], "function": {"StringExpr": {"Map": list(udf)}}}},
        "two kinds": bare | {"AnonymousFunction": {"input": [column], "function": list(udf)}},
    }


@pytest.mark.parametrize("case", list(trees_with_code(Path())))
def test_a_file_runs_nothing(case: str, tmp_path: Path) -> None:
    tree = json.loads(json.dumps(trees_with_code(tmp_path / "ran")[case], default=list))
    with pytest.raises(ValueError, match="a saved expression is damaged, or of another version"):
        RowExpression(tree)
    assert not (tmp_path / "ran").exists()


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**130), 2**130) | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(data=st.data(), case=st.sampled_from(sorted(ALIKE)), value=json_values)
def test_damaged_trees_are_one_error(data: st.DataObject, case: str, value: Any) -> None:
    """Any part replaced by anything: a sentence or an expression, and never anything else."""
    tree = json.loads(json.dumps(RowExpression.of(ALIKE[case]).tree))
    holder, place = None, None
    node = tree
    while isinstance(node, (dict, list)) and node and (holder is None or data.draw(st.booleans())):
        place = data.draw(st.sampled_from(sorted(node) if isinstance(node, dict) else range(len(node))))
        holder, node = node, node[place]
    assert holder is not None
    holder[place] = value
    try:
        found = RowExpression(tree).over({})
    except ValueError as error:
        assert "build it anew" in str(error)
    else:
        assert isinstance(found, pl.Expr)


@pytest.mark.parametrize("number", [2**64, -(2**63) - 1, 2**200])
def test_numbers_that_no_machine_holds_are_the_same_error(number: int) -> None:
    tree = json.loads(json.dumps(RowExpression.of(ALIKE["buckets"]).tree))
    tree["Function"]["function"]["Cut"] = [[number]]
    with pytest.raises(ValueError, match="build it anew"):
        RowExpression(tree).over({})


def test_every_function_of_polars_that_is_taken_goes_row_by_row() -> None:
    """Computed for all rows, and for each of them alone; taken or not is known for every function that there is."""
    taken: set[str] = set()
    computed: set[str] = set()
    for column in FRAME.columns:
        for name, expr in every_expression(pl.col(column).alias("x").alias(column)):
            try:
                found = RowExpression.of(expr).over({})
            except (ValueError, TypeError):
                continue
            taken.add(name)
            if name == "replace_strict" and column == "flag":
                continue  # 1 and 2 are both true, and Polars 1.44 gives a row for each
            assert found.meta.serialize() == expr.meta.serialize(), name
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                try:
                    whole = FRAME.select(expr.alias("out"))
                except (pl.exceptions.PolarsError, pl.exceptions.PanicException, TypeError):
                    continue  # not for columns of this type
                assert whole.height == len(FRAME), name
                rows = pl.concat([FRAME[i].select(expr.alias("out")) for i in range(len(FRAME))])
            assert rows.equals(whole, null_equal=True), (name, column)
            computed.add(name)
    assert len(computed) >= 230
    assert taken - computed <= {"str.json_decode"}  # its texts would have to be JSON
