"""A data contract: what in a frame breaks the schema that it should have."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any

import polars as pl

from ops_gpu.primitives.key_dtypes import element_dtype
from ops_gpu.schema.column import ColumnSchema, Domain
from ops_gpu.schema.column_types import dtype_words, fits, type_words
from ops_gpu.schema.schema import Schema
from ops_gpu.schema.tags import Tags

_SHOWN = 60  # characters of an example value


@dataclass(frozen=True)
class _Check:
    """One thing that may be wrong with a column.

    Args:
        trouble: what is expected and what was found instead, as the start of a sentence.
        broken: number of rows that break it.
        example: one value of those.
        certain: True where it is wrong whatever the rows hold.
        word: what comes before the example.
    """

    trouble: str
    broken: pl.Expr
    example: pl.Expr
    certain: bool = False
    word: str = "for example"


def contract_breaches(frame: pl.DataFrame | pl.LazyFrame, schema: Schema, required: Collection[str] = ()) -> list[str]:
    """What in a frame breaks a schema, one sentence each: column, expected, found, how many rows, an example.

    Missing columns, other types (narrower integers and floats are fine, as are columns of nulls alone), lists for
    single values and the reverse, values outside the domain, lists of other lengths than `value_count` allows (a null
    list counts as an empty one), and nulls in columns that are required or tagged as ids of users or items. NaN
    counts as null. Columns that the schema does not have are not looked at. All is found in one pass over the data.

    Args:
        frame: the data.
        schema: what is expected.
        required: names of columns that must not hold nulls, though they are no ids.

    Returns:
        The sentences in the order of the schema; none where the frame keeps the contract.
    """
    rows = frame.lazy()
    types = rows.collect_schema()
    checks = [check for column in schema for check in _checks(column, types.get(column.name), required)]
    parts = [(check.broken.alias(f"{i} broken"), check.example.alias(f"{i} example")) for i, check in enumerate(checks)]
    if not parts:
        return []
    found = rows.select(pl.len().alias("rows"), *(part for pair in parts for part in pair)).collect(engine="streaming")
    result = found.row(0, named=True)
    return [
        _sentence(check, result[f"{i} broken"], result["rows"], result[f"{i} example"])
        for i, check in enumerate(checks)
        if check.certain or result[f"{i} broken"]
    ]


def _sentence(check: _Check, broken: int, rows: int, example: Any) -> str:
    text = repr(example)
    shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
    ending = f", {check.word} {shown}" if example is not None else ""
    return f"{check.trouble} in {broken} of {rows} rows{ending}"


def _checks(column: ColumnSchema, dtype: pl.DataType | None, required: Collection[str]) -> Iterator[_Check]:
    name, value = f"column {column.name!r}", pl.col(column.name)
    if dtype is None:
        yield _Check(f"{name} should be {type_words(column)} and is missing", pl.len(), pl.lit(None), certain=True)
        return
    is_list = isinstance(dtype, (pl.List, pl.Array))
    if isinstance(dtype, pl.Array):
        value = value.arr.to_list()
    of_type = fits(column, dtype)
    if not of_type:
        known = value.drop_nulls()
        trouble = f"{name} should be {type_words(column)} and is {dtype_words(dtype)}"
        yield _Check(trouble, known.len(), known.first(), certain=True)
    if of_type and column.domain is not None and element_dtype(dtype).is_numeric():
        yield from _limit_checks(f"{name} should hold values", value, column.domain, "", is_list)
    if is_list and column.is_list and column.value_count is not None:
        lengths = value.list.len().fill_null(0)
        yield from _limit_checks(f"{name} should hold lists", lengths, column.value_count, " long", False)
    is_id = bool({Tags.USER_ID, Tags.ITEM_ID} & column.tags)
    if (is_id or column.name in required) and is_list <= column.is_list:
        null = _in_rows(value, _is_null(element_dtype(dtype)), is_list)
        row = pl.arg_where(null).first()
        yield _Check(
            f"{name} should hold {'ids' if is_id else 'no null'} and holds null",
            null.sum(),
            row,
            word="the first in row",
        )


def _limit_checks(name: str, value: pl.Expr, limits: Domain, what: str, is_list: bool) -> Iterator[_Check]:
    smallest, largest = limits.min, limits.max
    if smallest is None and largest is None:
        return

    def outside(element: pl.Expr) -> pl.Expr:
        below = element < smallest if smallest is not None else pl.lit(False)
        # In Polars, NaN is greater than any number.
        above = (element > largest) & element.cast(pl.Float64).is_not_nan() if largest is not None else pl.lit(False)
        return (below | above).fill_null(False)

    if smallest is not None and largest is not None:
        expected = f"from {smallest} to {largest}{what}"
    else:
        expected = f"of at most {largest}{what}" if smallest is None else f"of at least {smallest}{what}"
    broken = _in_rows(value, outside, is_list)
    elements = value.explode(empty_as_null=False, keep_nulls=False) if is_list else value
    yield _Check(f"{name} {expected} and does not", broken.sum(), elements.filter(outside(elements)).first())


def _in_rows(value: pl.Expr, function: Callable[[pl.Expr], pl.Expr], is_list: bool) -> pl.Expr:
    """True for rows in which a condition on values holds; for lists, where it holds for any element."""
    if not is_list:
        return function(value)
    return value.list.eval(function(pl.element())).list.any().fill_null(False)


def _is_null(dtype: pl.DataType) -> Callable[[pl.Expr], pl.Expr]:
    if dtype.is_float():
        return lambda value: value.is_null() | value.is_nan().fill_null(False)
    return lambda value: value.is_null()
