"""ListSlice: a part of each list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from ops_gpu.operators.base.feature_operator import FeatureOperator
from ops_gpu.operators.base.list_expressions import without_null
from ops_gpu.operators.base.operator_state import NodeState
from ops_gpu.operators.base.plan import Plan
from ops_gpu.primitives.key_dtypes import element_dtype
from ops_gpu.schema.column import ColumnSchema, Domain
from ops_gpu.schema.schema import Schema


@dataclass(frozen=True, repr=False)
class ListSlice(FeatureOperator):
    """Elements `start` to `end` of each list, counted as in Python; a null list gives an empty one.

    `ListSlice(10)` is the first 10 elements, `ListSlice(-10)` the last 10, `ListSlice(1, 11)` the ten after
    the first.

    Args:
        start: where to start; with `end` left out, the number of elements from the front, or (negative) from
            the back.
        end: where to end, this one excluded; negative counts from the back.
        pad: appends `pad_value` up to the full length, where that is known from `start` and `end`.
        pad_value: what to append, of the type of the elements; by default 0, in lists of texts the empty one.

    Raises:
        ValueError: when `pad` is asked for and the length depends on the list, or `start` counts from the
            back and `end` from the front, or `pad_value` is none that the lists can hold.

    Example:
        >>> frame = pl.DataFrame({"genres": [["a", "b", "c"]]})
        >>> Workflow(["genres"] >> ListSlice(-2)).fit(frame).transform(frame)["genres"].to_list()
        [['b', 'c']]
    """

    start: int
    end: int | None = None
    pad: bool = False
    pad_value: float | str = 0

    def __post_init__(self) -> None:
        if self.start < 0 and self.end is not None and self.end >= 0:
            raise ValueError(
                f"ListSlice({self.start}, {self.end}) starts from the back and ends from the front; "
                "count both from one side."
            )
        if self.pad and self._length is None:
            raise ValueError(
                f"ListSlice({self.start}, {self.end}) has no fixed length to pad to; give both ends the same sign."
            )

    @property
    def _bounds(self) -> tuple[int, int | None]:
        if self.end is not None:
            return self.start, self.end
        return (0, self.start) if self.start >= 0 else (self.start, None)

    @property
    def _length(self) -> int | None:
        """The most elements that can remain, or None where that depends on the list."""
        start, end = self._bounds
        if end is None:
            return -start
        return max(end - start, 0) if (start >= 0) == (end >= 0) else None

    def transform(self, columns: Mapping[str, pl.Expr], plan: Plan, state: NodeState) -> dict[str, pl.Expr]:
        return {name: self._sliced(name, expr, plan.dtype(expr)) for name, expr in columns.items()}

    def _sliced(self, name: str, expr: pl.Expr, dtype: pl.DataType) -> pl.Expr:
        if not isinstance(dtype, pl.List):
            raise ValueError(f"ListSlice takes lists, and column {name!r} is of type {dtype}; leave it out.")
        result = self._part(without_null(expr, dtype))
        if not self.pad or self._length is None:
            return result
        padding = pl.lit(pl.Series([[self._padding(name, dtype)] * self._length], dtype=dtype))
        return result.list.concat(padding).list.head(self._length)

    def _padding(self, name: str, dtype: pl.DataType) -> Any:
        """What is appended to lists of this type."""
        element, value = element_dtype(dtype), self.pad_value
        if element == pl.Null:
            return None
        is_text = element == pl.String or isinstance(element, (pl.Categorical, pl.Enum))
        value = "" if is_text and value == 0 else value
        held = pl.Series([value], dtype=element, strict=False).item()
        if isinstance(value, str) != is_text or not (element.is_float() or held == value):
            raise ValueError(
                f"column {name!r} is of type {dtype}, and cannot be padded with {value!r}; give a pad_value of its "
                "type."
            )
        return held

    def _part(self, lists: pl.Expr) -> pl.Expr:
        # Fixed offsets only: slices with computed ones lose their type on empty frames.
        start, end = self._bounds
        if end is None:
            return lists.list.tail(-start)
        if end >= 0:
            return lists.list.slice(start, max(end - start, 0))
        backward = lists.list.reverse()
        if start < 0:
            return backward.list.slice(-end, max(end - start, 0)).list.reverse()
        return backward.list.slice(-end).list.reverse().list.slice(start)

    def source(self, name: str, taken: Sequence[str]) -> str | None:
        return None if self.pad else name

    def output_schema(self, schema: Schema) -> Schema:
        return Schema(self._limited(column) for column in schema)

    def _limited(self, column: ColumnSchema) -> ColumnSchema:
        least = self._length if self.pad else 0
        return column.with_value_count(Domain(least, self._length) if self._length is not None else None)
