"""Tensors of requests as columns, and columns of an answer as tensors."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ops_gpu.primitives.ragged import Ragged
from ops_gpu.schema.column import ColumnSchema
from serving.ensemble.ensemble import EnsembleAnswer
from serving.operators.base import STAGES
from serving.request.columns import ragged
from serving.request.request import MAX_ID_BYTES
from serving.request.text_lists import unpack_texts

Array = npt.NDArray[Any]
BESIDE: dict[str, tuple[Any, Any]] = {
    "score": (np.float32, np.nan),
    "source": (np.uint8, 0),
    "sources": (np.uint32, 0),
}
"""What stands beside each item: its type, and what fills a shorter list up."""


def from_wire(value: Array, column: ColumnSchema) -> Array:
    """A column from a tensor.

    Args:
        value: `[n, 1]`, or `[n, MAX_EVENTS]` where a user may have several values; of text `[n, MAX_ID_BYTES]`,
            padded with zeros, or what `serving.request.text_lists` makes of several.
        column: its schema.

    Returns:
        `[n]`, or `[n, MAX_EVENTS]`; text no wider than its longest.

    Raises:
        ValueError: for text of another width.
    """
    several = "padded" in column.properties
    if column.dtype != "string":
        return value if several else value.reshape(len(value))
    if several:
        return unpack_texts(value, column.name)
    if value.shape[-1] != MAX_ID_BYTES:
        raise ValueError(
            f"Input {column.name!r} must be UTF-8 padded with zeros to {MAX_ID_BYTES} bytes, got {value.shape[-1]}; "
            f"send no longer text."
        )
    width = _width(value)
    return np.ascontiguousarray(value[:, :width]).view(f"S{width}").reshape(len(value))


def _width(text: Array) -> int:
    """Bytes of the longest, at least 1."""
    return len(np.bitwise_or.reduce(text.view(np.uint64), axis=0).tobytes().rstrip(b"\0")) or 1


def to_wire(answer: EnsembleAnswer, rows: slice, limits: Array | None, release_hash: Array) -> dict[str, Array]:
    """The output tensors of some rows of an answer.

    Args:
        answer: with the list columns `item_id`, `score` and `source`, and `sources` where the graph gives it.
        rows: the rows of one request.
        limits: how many items each of these rows asked for; the longest sets the width, at least 1.
        release_hash: 64 characters.
    """
    lists = ragged(answer.columns, "item_id")
    items, place = lists.between(rows.start, rows.stop), slice(lists.offsets[rows.start], lists.offsets[rows.stop])
    count = items.lengths
    width = int(limits.max() if limits is not None else max(1, count.max(initial=1)))
    full = bool((count == width).all())
    if items.values.dtype.kind == "S":
        item_id = _dense(items, items.values, width, b"", full).view(np.uint8).reshape(len(items), width, -1)
    else:
        item_id = _dense(items, items.values.astype(np.int64, copy=False), width, -1, full)
    tensors = {"item_id": item_id}
    for name, (dtype, fill) in BESIDE.items():
        if name in answer.columns:  # aligned with the items, so cut in the same places
            values = ragged(answer.columns, name).values[place].astype(dtype, copy=False)
            tensors[name] = _dense(items, values, width, fill, full)
    stages = np.array([answer.stage_ms[stage] for stage in STAGES], np.float32)
    return tensors | {
        "count": count.astype(np.int32)[:, None],
        "stage_ms": stages[None, :].repeat(len(items), axis=0),
        "release": release_hash[None, :].repeat(len(items), axis=0),
    }


def _dense(lists: Ragged, values: Array, width: int, fill: Any, full: bool) -> Array:
    """Values of lists side by side; where all are full they lie so already, and memory that may be given away is."""
    if full and values.flags.writeable and values.flags.c_contiguous:
        return values.reshape(len(lists), width)
    return lists.with_values(values).to_dense(width, fill)
