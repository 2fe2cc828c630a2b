"""Rows of any length: a head of numbers, then lists end to end, each starting at a multiple of 8 bytes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ops_gpu.primitives.ragged import Ragged

Array = npt.NDArray[Any]
Bytes = npt.NDArray[np.uint8]

VALUES, LENGTHS, TEXT = "values", "lengths", "text"


@dataclass(frozen=True)
class Section:
    """A stretch of every row.

    Args:
        column: the column that it belongs to.
        part: `values` of a list of numbers; for text the bytes (`text`), before them, in a list of texts, how
            long each is (`lengths`).
        dtype: of its elements.
    """

    column: str
    part: str
    dtype: str

    @classmethod
    def of(cls, column: str, dtype: str, is_list: bool) -> list[Section]:
        """The sections of a column."""
        if dtype != "S":
            return [cls(column, VALUES, dtype)]
        text = cls(column, TEXT, "|u1")
        return [cls(column, LENGTHS, "<u4"), text] if is_list else [text]

    @property
    def field(self) -> str:
        """The field of the head that says how many elements a row has here."""
        return f"{self.column}#{self.part}"


def sections_of(sections: Sequence[Section], columns: Mapping[str, Any]) -> list[Ragged]:
    """The elements of every section, one list a row, from the columns of a batch."""
    parts = []
    for section in sections:
        value = columns[section.column]
        texts = value.values if isinstance(value, Ragged) else np.asarray(value)
        if section.part == VALUES:
            parts.append(value.with_values(texts.astype(section.dtype, copy=False)))
            continue
        lengths = np.char.str_len(texts.astype("S", copy=False)).astype(np.int64)
        if section.part == LENGTHS:
            parts.append(value.with_values(lengths.astype(section.dtype)))
            continue
        ends = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
        parts.append(Ragged(_text_bytes(texts, lengths), ends[value.offsets] if isinstance(value, Ragged) else ends))
    return parts


def columns_of(sections: Sequence[Section], parts: Sequence[Ragged]) -> dict[str, Array | Ragged]:
    """The columns that these sections make up: the reverse of `sections_of`."""
    found: dict[str, Array | Ragged] = {}
    lengths: dict[str, Ragged] = {}
    for section, part in zip(sections, parts, strict=True):
        if section.part == VALUES:
            found[section.column] = part
        elif section.part == LENGTHS:
            lengths[section.column] = part
        elif section.column in lengths:
            each = lengths[section.column]
            found[section.column] = each.with_values(_texts(Ragged.from_lengths(part.values, each.values)))
        else:
            found[section.column] = _texts(part)
    return found


def pack(head: Array, parts: Sequence[Ragged]) -> Array:
    """Rows of bytes, `[n]` of dtype object.

    Args:
        head: structured, `[n]`, a multiple of 8 bytes each.
        parts: the sections, n lists each.
    """
    sizes = [_padded(part) for part in parts]
    lengths = head.dtype.itemsize + sum(sizes, np.zeros(len(head), np.int64))
    ends = np.cumsum(lengths)
    at = ends - lengths
    data: Bytes = np.zeros(int(lengths.sum()), np.uint8)
    words = head.dtype.itemsize // 8
    data.view(np.uint64)[at[:, None] // 8 + np.arange(words)] = head.view(np.uint64).reshape(len(head), words)
    start = at + head.dtype.itemsize
    for part, size in zip(parts, sizes, strict=True):
        data.view(part.values.dtype)[_places(start // part.values.itemsize, part.offsets)] = part.values
        start = start + size
    rows = np.empty(len(head), object)
    rows[:] = list(map(data.tobytes().__getitem__, map(slice, at.tolist(), ends.tolist())))
    return rows


def unpack(rows: Array, head: np.dtype[Any], sections: Sequence[Section]) -> tuple[Array, list[Ragged]]:
    """Head and sections of rows: the reverse of `pack`."""
    each = rows.tolist()
    lengths = np.fromiter(map(len, each), np.int64, len(each))
    at = np.cumsum(lengths) - lengths
    data = np.frombuffer(b"".join(each), np.uint8)
    words = data.view(np.uint64)[at[:, None] // 8 + np.arange(head.itemsize // 8)]
    heads = words.view(head)[:, 0] if len(words) else np.empty(0, head)
    start, parts = at + head.itemsize, []
    for section in sections:
        dtype = np.dtype(section.dtype)
        offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(heads[section.field], dtype=np.int64)])
        parts.append(Ragged(data.view(dtype)[_places(start // dtype.itemsize, offsets)], offsets))
        start = start + _padded(parts[-1])
    return heads, parts


def _padded(part: Ragged) -> npt.NDArray[np.int64]:
    """Bytes of a section in every row."""
    return (part.lengths * part.values.itemsize + 7) // 8 * 8


def _places(start: npt.NDArray[np.int64], offsets: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Where the elements of a section lie, counted in elements, given where it starts in every row."""
    return np.arange(offsets[-1]) - np.repeat(offsets[:-1] - start, np.diff(offsets))


def _text_bytes(texts: Array, lengths: npt.NDArray[np.int64]) -> Bytes:
    texts = np.ascontiguousarray(texts.astype("S", copy=False))
    matrix = texts.view(np.uint8).reshape(len(texts), texts.dtype.itemsize)
    return matrix[np.arange(texts.dtype.itemsize) < lengths[:, None]]


def _texts(part: Ragged) -> Array:
    """Zero-padded texts `[n]` from their bytes."""
    width = max(1, int(part.lengths.max(initial=0)))
    return part.to_dense(width, 0).view(f"S{width}")[:, 0] if len(part) else np.empty(0, "S1")
