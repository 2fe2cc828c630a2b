"""Constants of expressions as plain values."""

from __future__ import annotations

import io
import math
from typing import Any

import msgpack
import polars as pl

from ops_gpu.expressions.parts import of_type
from ops_gpu.expressions.refusals import NotData
from ops_gpu.expressions.row_wise import TYPES

SCALARS = frozenset({*TYPES, "Datetime", "Duration"}) - {"Int128"}
"""Types of single constants."""

MANY = TYPES - {"Binary", "Time", "Null", "Int128"}
"""Types of the values of lists of constants."""


def plain_number(value: Any) -> Any:
    """A number, text or nothing as JSON has it: what is not finite by its name."""
    if isinstance(value, float) and not math.isfinite(value):
        return {"float": str(value)}
    return of_type((type(None), bool, int, float, str), value)


def number_of(value: Any) -> Any:
    """The number, text or nothing that `plain_number` wrote."""
    if isinstance(value, dict):
        return float(value["float"])
    return of_type((type(None), bool, int, float, str), value)


def plain_values(body: Any, scalar: bool) -> dict[str, Any]:
    """A list of constants, in a column of Polars, as plain values.

    Args:
        body: as Polars writes it down.
        scalar: whether it is a single constant that is a list, and not one with a value a row.
    """
    column = pl.select(pl.Expr.deserialize(io.BytesIO(msgpack.packb({"Literal": body})))).to_series()
    values = column.item() if scalar else column
    name = str(values.dtype)
    if name not in MANY:
        raise NotData(f"constants of type {name}")
    listed = [plain_number(value) for value in values.to_physical().to_list()]
    kept = {"dtype": name, "scalar": scalar, "values": listed}
    if values_of(kept) != body:
        raise NotData(f"constants of type {name} in a form of their own")
    return kept


def values_of(kept: Any) -> Any:
    """The constants that `plain_values` wrote, as Polars writes them down."""
    if kept["dtype"] not in MANY:
        raise NotData(f"constants of type {kept['dtype']}")
    dtype = getattr(pl, kept["dtype"])
    numbers = [number_of(value) for value in kept["values"]]
    values = pl.Series(numbers, dtype=pl.Int32 if dtype == pl.Date else dtype, strict=True).cast(dtype)
    constant = pl.lit(values.to_list() if kept["scalar"] else values)
    return msgpack.unpackb(constant.meta.serialize(), strict_map_key=False)["Literal"]
