"""DataStats: what is in the columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from ops_gpu.operators.base.fitted_operator import FittedOperator
from ops_gpu.operators.base.numeric_statistics import values_of
from ops_gpu.operators.base.operator_state import NodeState
from ops_gpu.operators.base.plan import Plan
from ops_gpu.operators.base.summary import merge_rows, merged_summary, settled, standard_deviation, summary_of
from ops_gpu.primitives.key_dtypes import as_key, element_dtype, key_dtype
from ops_gpu.primitives.stable_hash import hash_series
from ops_gpu.schema.schema import Schema

EXACT = 4096
"""Most distinct values that are counted one by one; one hash more is kept, to see that there are more."""

STATISTICS = "statistics"
_DISTINCT = "distinct "
_TYPES = {"column": pl.String()} | {
    name: pl.Int64() if name in ("rows", "cardinality") else pl.Float64()
    for name in ("rows", "null_share", "min", "max", "mean", "std", "cardinality")
}


@dataclass(frozen=True, repr=False)
class DataStats(FittedOperator):
    """Learns what is in every column; values stay. Of lists, it counts the elements.

    The state (unit `statistics`) has one row a column: `rows`, `null_share` (null and NaN), `min`, `max`, `mean`,
    `std` (of finite numbers, as Float64; null for other types) and `cardinality` (distinct values but null and
    NaN). The output schema has the same as property `statistics`.

    The cardinality is exact up to 4,096 distinct values. Beyond, it is estimated by the 4,097th smallest hash
    (k minimum values; Bar-Yossef 2002), with a standard error of 1.6 %; hashes of parts merge to those of the
    whole.

    Raises:
        ValueError: when values are of a type that cannot be compared, or columns `x` and `distinct x` come
            together.

    Example:
        >>> workflow = Workflow(["price", "genres"] >> DataStats()).fit(frame)
        >>> workflow.output_schema["price"].properties["statistics"]["cardinality"]
    """

    def units(self, columns: Sequence[str]) -> tuple[str, ...]:
        for name in columns:
            if _DISTINCT + name in columns:
                raise ValueError(f"DataStats cannot tell {_DISTINCT + name!r} from {name!r}; rename one of the two.")
        return (*columns, *(_DISTINCT + name for name in columns))

    def apart(self, columns: Sequence[str]) -> list[tuple[str, ...]]:
        return [(name,) for name in columns]

    def partial(self, frame: pl.LazyFrame, columns: Sequence[str], weight: int) -> dict[str, pl.LazyFrame]:
        schema = frame.collect_schema()
        plans: dict[str, pl.LazyFrame] = {}
        for name in columns:
            dtype = element_dtype(schema[name])
            values = frame.select(values_of(frame, name).alias("value"))
            plans[name] = values.select(_summary(dtype)).with_columns(settled())
            key = as_key(pl.col("value"), dtype, key_dtype(name, dtype))
            hashed = pl.col("value").map_batches(hash_series, pl.UInt64(), is_elementwise=True).alias("hash")
            plans[_DISTINCT + name] = _smallest(values.select(key).drop_nulls().unique().select(hashed))
        return plans

    def merge(self, unit: str, frames: Sequence[pl.DataFrame]) -> pl.DataFrame:
        if "hash" in frames[0].columns:
            return _smallest(pl.concat(frames).lazy().unique()).collect()
        counts = [pl.col("rows").sum(), pl.col("missing").sum()]
        return merge_rows(frames, [], [*counts, *merged_summary()], settled())

    def finalize(
        self, tables: Mapping[str, pl.DataFrame], previous: Mapping[str, pl.DataFrame] | None
    ) -> dict[str, pl.DataFrame]:
        rows = [
            _row(name, table, tables[_DISTINCT + name]) for name, table in tables.items() if "rows" in table.columns
        ]
        return {STATISTICS: pl.concat([pl.DataFrame(schema=_TYPES), *rows])}

    def transform(self, columns: Mapping[str, pl.Expr], plan: Plan, state: NodeState) -> dict[str, pl.Expr]:
        return dict(columns)

    def source(self, name: str, taken: Sequence[str]) -> str | None:
        return name

    def output_schema(self, schema: Schema, state: NodeState | None = None) -> Schema:
        if state is None:
            return schema
        rows = {row.pop("column"): row for row in state[STATISTICS].to_dicts()}
        return Schema(column.with_properties({STATISTICS: rows[column.name]}) for column in schema)


def _summary(dtype: pl.DataType) -> list[pl.Expr]:
    value = pl.col("value")
    missing = value.is_null() | value.is_nan() if dtype.is_float() else value.is_null()
    number = value if dtype.is_numeric() else pl.lit(None, pl.Float64)
    counts = [pl.len().cast(pl.Int64).alias("rows"), missing.sum().cast(pl.Int64).alias("missing")]
    return [*counts, *summary_of(number)]


def _smallest(hashes: pl.LazyFrame) -> pl.LazyFrame:
    return hashes.sort("hash").head(EXACT + 1)


def _row(name: str, summary: pl.DataFrame, hashes: pl.DataFrame) -> pl.DataFrame:
    some = pl.col("count") > 0
    return summary.with_columns(settled()).select(
        pl.lit(name).alias("column"),
        "rows",
        pl.when(pl.col("rows") > 0).then(pl.col("missing") / pl.col("rows")).alias("null_share"),
        "min",
        "max",
        pl.when(some).then("mean").alias("mean"),
        standard_deviation().fill_nan(None).alias("std"),
        pl.lit(_cardinality(hashes["hash"]), pl.Int64).alias("cardinality"),
    )


def _cardinality(hashes: pl.Series) -> int:
    if len(hashes) <= EXACT:
        return len(hashes)
    return round(EXACT * 2**64 / (int(hashes[-1]) + 1))
