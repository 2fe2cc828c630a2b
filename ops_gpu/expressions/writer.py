"""Writer: from JSON to an expression as Polars writes it down."""

from __future__ import annotations

import io
import math
from collections.abc import Mapping
from typing import Any

import msgpack
import polars as pl

from ops_gpu.expressions.constants import SCALARS, number_of, values_of
from ops_gpu.expressions.grammar import Grammar
from ops_gpu.expressions.parts import of_type, single
from ops_gpu.expressions.refusals import NotData


class Writer(Grammar):
    """Takes what `Reader` gave, and nothing else.

    Args:
        names: other names of the columns; those that it lacks stay.
        types: types of the columns, by these names. Where they are known, a number that is divided by a constant is
            multiplied with what is 1 over it: Polars does so for many values, and divides single ones, which are then
            rounded otherwise.

    Attributes:
        seen: names of the columns, as they were.
    """

    def __init__(self, names: Mapping[str, str], types: Mapping[str, pl.DataType] | None = None) -> None:
        self._names, self._types = names, types
        self.seen: set[str] = set()

    def binary(self, left: Any, op: str, right: Any, in_list: bool) -> Any:
        if op == "TrueDivide" and not in_list and self._types is not None:
            inverse = _inverse(right)
            if inverse is not None and _is_number(left, self._types):
                return {"left": left, "op": "Multiply", "right": inverse}
        return {"left": left, "op": op, "right": right}

    def column(self, name: str) -> str:
        self.seen.add(name)
        return self._names.get(name, name)

    def constant(self, body: Any) -> Any:
        form, value = single(body)
        if form == "Values":
            return values_of(value)
        kind, inner = single(value)
        if form == "Dyn" and kind == "Int":
            return {form: {kind: of_type(int, inner).to_bytes(16, "big", signed=True)}}
        if (form == "Dyn" and kind in ("Float", "Str")) or (form == "Scalar" and kind in SCALARS):
            return {form: {kind: self.plain(inner)}}
        raise NotData(f"a constant of type {kind}")

    def plain(self, value: Any) -> Any:
        if isinstance(value, Mapping) and value.keys() != {"float"}:
            return {of_type(str, key): self.plain(inner) for key, inner in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.plain(inner) for inner in value]
        return number_of(value)


def expression_of(tree: Any) -> pl.Expr:
    """The expression of a tree that a `Writer` gave."""
    return pl.Expr.deserialize(io.BytesIO(msgpack.packb(tree)))


def _is_number(part: Any, types: Mapping[str, pl.DataType]) -> bool:
    dtype = pl.LazyFrame(schema=types).select(expression_of(part)).collect_schema().dtypes()[0]
    return dtype.is_integer() or dtype.is_float()


def _inverse(part: Any) -> Any:
    """What is 1 over a constant, of its type; None where that is no number, or the part is no such constant."""
    if not isinstance(part, Mapping) or "Literal" not in part:
        return None
    form, value = single(part["Literal"])
    if form not in ("Dyn", "Scalar"):
        return None
    kind, number = single(value)
    if form == "Dyn" and kind == "Int":
        kind, number = "Float", float(int.from_bytes(number, "big", signed=True))
    if kind not in ("Float", "Float32", "Float64") or not number or not math.isfinite(1 / number):
        return None
    return {"Literal": {form: {kind: 1 / number}}}
