"""RowFormat: columns of a batch to encoded rows, one `bytes`-like value a key, and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from ops_gpu.primitives.ragged import Ragged
from ops_gpu.schema.schema import Schema
from ops_gpu.tiered.rows.ragged_rows import Section, columns_of, pack, sections_of, unpack
from ops_gpu.tiered.rows.tier import Mask, Rows

Columns = dict[str, npt.NDArray[Any] | Ragged]


@dataclass(frozen=True)
class RowColumn:
    """One column of a row.

    Args:
        name: the column.
        dtype: of its elements as numpy names it, little-endian (`<f4`); `S` is text of any length, as UTF-8.
        shape: of one value, empty for a number.
        is_list: whether a row has a list of elements, of any length.

    Raises:
        ValueError: for a type that no row can hold, such as Python objects.
    """

    name: str
    dtype: str
    shape: tuple[int, ...] = ()
    is_list: bool = False

    def __post_init__(self) -> None:
        if self.dtype != "S" and _checked(self.name, np.dtype(self.dtype)) != self.dtype:
            raise ValueError(f"Column {self.name!r} has dtype {self.dtype!r}, expected it little-endian, as '<f4'.")

    @property
    def is_ragged(self) -> bool:
        """Whether it makes rows of different lengths."""
        return self.is_list or self.dtype == "S"


@dataclass(frozen=True)
class RowFormat:
    """What a row is made of. Rows of numbers have one width; lists and text make rows of any length.

    Args:
        columns: in order.
        default: the encoded row of keys that are not known; None is zeros, empty lists and empty text.

    Example:
        >>> rows = RowFormat.of_dtype(np.dtype([("vector", "f4", (16,))]))
    """

    columns: tuple[RowColumn, ...]
    default: bytes | None = None

    @classmethod
    def of_dtype(cls, dtype: np.dtype[Any]) -> RowFormat:
        """The rows of a structured numpy type; ValueError for one without named fields, or with nested ones."""
        if dtype.names is None:
            raise ValueError(f"{dtype} has no fields; name them: np.dtype([('vector', 'f4', (16,))]).")
        fields = [(name, dtype[name]) for name in dtype.names]
        return cls(tuple(RowColumn(name, _checked(name, field.base), field.shape) for name, field in fields))

    @classmethod
    def of_schema(cls, schema: Schema) -> RowFormat:
        """The rows of these columns, lists and text among them."""
        types = [(c, "S" if c.dtype == "string" else _checked(c.name, c.numpy_dtype)) for c in schema]
        return cls(tuple(RowColumn(column.name, dtype, (), column.is_list) for column, dtype in types))

    @cached_property
    def width(self) -> int | None:
        """Bytes of every row, or None where rows differ in length."""
        return None if any(column.is_ragged for column in self.columns) else self._head.itemsize

    def with_default(self, columns: Mapping[str, Any]) -> RowFormat:
        """The same rows, with this one (columns of one row) for keys that are not known."""
        return RowFormat(self.columns, bytes(self.encode(columns)[0]))

    def encode(self, columns: Mapping[str, Any]) -> Rows:
        """Rows `[n]` of the columns, `[n, *shape]` arrays or `Ragged` of n rows.

        Raises:
            ValueError: when a column is missing, or of another shape or type than the format's.
        """
        size = self._checked_size(columns)
        sections = sections_of(self._sections, columns)
        head = np.zeros(size, self._head)
        for column in self.columns:
            if not column.is_ragged:
                head[column.name] = columns[column.name]
        if self.width is not None:
            return head.view(f"V{self.width}")
        for section, part in zip(self._sections, sections, strict=True):
            head[section.field] = part.lengths
        return pack(head, sections)

    def decode(self, rows: Rows, names: Sequence[str] | None = None) -> Columns:
        """The columns of rows, all or these; arrays of fixed-width rows are views of them."""
        wanted = [column for column in self.columns if names is None or column.name in names]
        if self.width is not None:
            table = rows.view(self._head)
            return {column.name: table[column.name] for column in wanted}
        head, parts = unpack(rows, self._head, self._sections)
        found: Columns = {column.name: head[column.name] for column in wanted if not column.is_ragged}
        ragged = columns_of(self._sections, parts)
        return {c.name: ragged[c.name] if c.is_ragged else found[c.name] for c in wanted}

    @cached_property
    def default_row(self) -> bytes:
        """The encoded row of keys that are not known."""
        return bytes(self._head.itemsize) if self.default is None else self.default

    def fill(self, rows: Rows, mask: Mask) -> None:
        """Puts the default row where the mask is true."""
        rows[mask] = self.default_row if self.width is None else np.frombuffer(self.default_row, f"V{self.width}")[0]

    def empty(self, size: int) -> Rows:
        """Rows to be filled, `[size]`."""
        return np.empty(size, object) if self.width is None else np.zeros(size, f"V{self.width}")

    def collect(self, rows: list[bytes]) -> Rows:
        """Rows `[n]` from encoded ones; ValueError when one has another width than the format's."""
        if self.width is None:
            result = np.empty(len(rows), object)
            result[:] = rows
            return result
        joined = b"".join(rows)
        if len(joined) != len(rows) * self.width or any(map(self.width.__ne__, set(map(len, rows)))):
            raise ValueError(f"rows are not {self.width} bytes wide")
        return np.frombuffer(joined, f"V{self.width}")

    def to_dict(self) -> dict[str, Any]:
        """The format as JSON."""
        columns = [
            {"name": c.name, "dtype": c.dtype, "shape": list(c.shape), "is_list": c.is_list} for c in self.columns
        ]
        return {"columns": columns, "default": None if self.default is None else self.default.hex()}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> RowFormat:
        """Reads what `to_dict` wrote."""
        columns = tuple(RowColumn(**{**column, "shape": tuple(column["shape"])}) for column in data["columns"])
        return cls(columns, None if data["default"] is None else bytes.fromhex(data["default"]))

    @cached_property
    def _sections(self) -> tuple[Section, ...]:
        return tuple(s for c in self.columns if c.is_ragged for s in Section.of(c.name, c.dtype, c.is_list))

    @cached_property
    def _head(self) -> np.dtype[Any]:
        """What lies at a row's start: its numbers, and how long its lists are."""
        fixed = [(column.name, column.dtype, column.shape) for column in self.columns if not column.is_ragged]
        if not self._sections:
            return np.dtype(fixed)
        fields = [*fixed, *((section.field, "<u4", ()) for section in self._sections)]
        size = np.dtype(fields).itemsize
        return np.dtype([*fields, ("", f"V{-size % 8}", ())]) if size % 8 else np.dtype(fields)

    def _checked_size(self, columns: Mapping[str, Any]) -> int:
        missing = [column.name for column in self.columns if column.name not in columns]
        if missing:
            raise ValueError(f"Rows have no column {missing[0]!r}, but {', '.join(columns)}; give all of the format's.")
        sizes = set()
        for column in self.columns:
            value = columns[column.name]
            sizes.add(len(value))
            if column.is_list != isinstance(value, Ragged):
                kind = "a list a row (Ragged)" if column.is_list else "an array"
                raise ValueError(f"Column {column.name!r} is {type(value).__name__}, expected {kind}.")
            if not column.is_list and np.shape(value)[1:] != column.shape:
                raise ValueError(
                    f"Column {column.name!r} has the shape {np.shape(value)}, expected {('n', *column.shape)}."
                )
        if len(sizes) != 1:
            raise ValueError(f"Columns have different numbers of rows, {sorted(sizes)}; give one value a key.")
        return int(sizes.pop())


def _checked(name: str, dtype: np.dtype[Any]) -> str:
    if dtype.hasobject or dtype.kind not in "biufMmS" or dtype.itemsize not in (1, 2, 4, 8):
        raise ValueError(f"Column {name!r} is {dtype}, expected numbers, times or text; convert it first.")
    return dtype.newbyteorder("<").str
