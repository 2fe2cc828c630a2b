"""Columns of every type, for every operator: a column of the type that the schema names, or a sentence."""

from __future__ import annotations

from datetime import time
from typing import Any

import polars as pl
import pytest

from ops_gpu import operators as ops
from ops_gpu.graph.operator import Operator
from ops_gpu.schema.schema import Schema
from ops_gpu.workflow.workflow import Workflow

NUMBERS = (pl.Int8, pl.Int16, pl.Int32, pl.Int64, pl.UInt8, pl.UInt16, pl.UInt32, pl.UInt64, pl.Float32, pl.Float64)
OTHERS = (pl.Categorical(), pl.Enum(["0", "1", "2"]), pl.Date(), pl.Datetime("ms"), pl.Datetime("ns", "UTC"))
TYPES: dict[str, Any] = {str(dtype): dtype for dtype in (*NUMBERS, pl.String, pl.Boolean, *OTHERS)}
ODD: dict[str, Any] = {
    "Duration": pl.Duration("us"),
    "Decimal": pl.Decimal(10, 2),
    "Time": pl.Time,
    "Binary": pl.Binary,
}

OPERATORS: dict[str, Operator] = {
    "AddMetadata": ops.AddMetadata(properties={"a": 1}),
    "Bucketize": ops.Bucketize([0, 1]),
    "Categorify": ops.Categorify(),
    "Clip": ops.Clip(0, 1),
    "Clip-fraction": ops.Clip(0.5, 1.5),
    "DataStats": ops.DataStats(),
    "DifferenceLag": ops.DifferenceLag("key"),
    "DropLowCardinality": ops.DropLowCardinality(),
    "Dropna": ops.Dropna(),
    "FillMedian": ops.FillMedian(),
    "FillMissing": ops.FillMissing(0, add_binary_cols=True),
    "FillMissing-fraction": ops.FillMissing(0.5),
    "FillMissing-text": ops.FillMissing("none"),
    "Groupby": ops.Groupby("key", aggs=["first", "last", "count"]),
    "Groupby-numbers": ops.Groupby("key", aggs=["sum", "mean", "std", "median"]),
    "Groupby-values": ops.Groupby("key", aggs=["list", "nunique", "min", "max"]),
    "HashBucket": ops.HashBucket(7),
    "History": ops.History("key", "time"),
    "JoinGroupby": ops.JoinGroupby(["time"], ["mean"]),
    "LambdaOp": ops.LambdaOp(lambda x: x.is_null()),
    "ListSlice": ops.ListSlice(1),
    "LogOp": ops.LogOp(),
    "Normalize": ops.Normalize(),
    "NormalizeMinMax": ops.NormalizeMinMax(),
    "ReduceDtypeSize": ops.ReduceDtypeSize(),
    "Rename": ops.Rename(postfix="_b"),
    "Sessionize": ops.Sessionize(1, "key"),
    "TargetEncoding": ops.TargetEncoding("time", fold_columns=["time"]),
    "ValueCount": ops.ValueCount(),
}


ELSEWHERE = {"ColumnSimilarity", "Filter", "HashedCross", "JoinExternal"} | {
    f"TagAs{what}" for what in ("ItemFeatures", "ItemID", "UserFeatures", "UserID")
}
"""Operators that need more than one column or a table, and those that only name what passes."""


def column(dtype: Any, in_lists: bool) -> pl.Series:
    numbers = pl.Series("x", [0, 1, 1, None, 2])
    if dtype == pl.Time:
        values = pl.Series("x", [time(1), None, time(2), time(2), time(3)])
    elif dtype == pl.Binary:
        values = numbers.cast(pl.String).cast(pl.Binary)
    elif isinstance(dtype, (pl.Categorical, pl.Enum)):
        values = numbers.cast(pl.String).cast(dtype)
    else:
        values = (numbers > 0) if dtype == pl.Boolean else numbers.cast(dtype)
    return values.to_frame().select(pl.concat_list("x", "x")).to_series() if in_lists else values


def test_every_operator_is_tried() -> None:
    tried = {name.partition("-")[0] for name in OPERATORS} | ELSEWHERE
    assert set(ops.__all__) <= tried, f"give OPERATORS one of {set(ops.__all__) - tried}"


@pytest.mark.parametrize("in_lists", [False, True], ids=["values", "lists"])
@pytest.mark.parametrize("name", OPERATORS)
def test_every_type_of_column(name: str, in_lists: bool) -> None:
    for dtype in (TYPES | ODD).values():
        frame = pl.DataFrame([column(dtype, in_lists), pl.Series("time", range(5)), pl.Series("key", [1, 1, 2, 2, 2])])
        workflow = Workflow(["x"] >> OPERATORS[name])
        try:
            found = workflow.fit(frame).transform(frame)
        except ValueError as error:
            assert "'x'" in str(error) or "its times are of type" in str(error)  # which column, and what to do
            continue
        # A schema has fewer types than Polars: one of text, and one of moments.
        schema = workflow.output_schema
        assert schema.polars_schema == Schema.from_polars(found.schema).polars_schema, dtype
        if not name.startswith(("Groupby", "History", "DifferenceLag", "Sessionize", "Dropna")):
            assert pl.concat([workflow.transform(frame[i]) for i in range(5)]).equals(found, null_equal=True)


def test_texts_are_filled_whatever_they_are_kept_as() -> None:
    for dtype in (pl.String, pl.Categorical, pl.Enum(["a", "b"])):
        frame = pl.DataFrame({"x": pl.Series(["a", None, "b"], dtype=dtype)})
        assert Workflow(["x"] >> ops.FillMissing("none")).transform(frame)["x"].to_list() == ["a", "none", "b"]
    with pytest.raises(
        ValueError, match=r"'x' is of type Date, and cannot be filled with 0; choose a value of its type"
    ):
        Workflow(["x"] >> ops.FillMissing(0)).transform(pl.DataFrame({"x": [None]}, {"x": pl.Date}))
