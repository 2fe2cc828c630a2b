"""Which numbers a request may hold."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ops_gpu.schema.column import ColumnSchema, Domain
from ops_gpu.schema.schema import Schema

Array = npt.NDArray[Any]


def check_limit(inputs: Schema) -> None:
    """Makes sure that a request cannot ask for lists of any length.

    Args:
        inputs: the ensemble's input schema.

    Raises:
        ValueError: when `k` is there and has no domain from at least 1 up to something.
    """
    domain = inputs["k"].domain if "k" in inputs else Domain(1, 1)
    if domain is None or domain.min is None or domain.min < 1 or domain.max is None:
        raise ValueError(
            f"The request's column 'k' has the domain {domain}; give it one from 1 to the most items that a list may "
            f"have: memory for so many is taken, however few are found."
        )


def check_values(value: Array, column: ColumnSchema) -> None:
    """Makes sure that numbers lie in a column's domain, and are numbers.

    Args:
        value: of any shape, of the column's type.
        column: its schema; NaN is a null where `properties["default"]` is None, and nothing elsewhere.

    Raises:
        ValueError: names the column and says what lies in it.
    """
    if value.size == 0:
        return
    domain = column.domain
    low = domain.min if domain is not None else None
    high = domain.max if domain is not None else None
    inside = (low is None or value.min() >= low) and (high is None or value.max() <= high)
    if not inside:  # so is NaN
        raise ValueError(f"Column {column.name!r} of a request must lie between {low} and {high}, got {_span(value)}.")
    if value.dtype.kind == "f" and not _finite(value, column):
        raise ValueError(
            f"Column {column.name!r} of a request must be finite, got {_span(value)}; leave it out, or "
            f"send NaN where it may be null, for users of whom nothing is known."
        )


def _span(value: Array) -> str:
    low, high = value.min(), value.max()
    return str(low) if low == high else f"{low} to {high}"


def _finite(value: Array, column: ColumnSchema) -> bool:
    """Whether each is a number, or the null of a column that may be null."""
    null = np.isnan(value) if column.properties.get("default", 0) is None else np.False_
    return bool((np.isfinite(value) | null).all())
