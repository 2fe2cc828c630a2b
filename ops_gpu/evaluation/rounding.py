"""Whether two columns hold the same numbers, but for what the order of a sum leaves in their last bits."""

from __future__ import annotations

import numpy as np
import polars as pl

SHARE: dict[type[pl.DataType], float] = {pl.Float32: 4 * float(np.finfo(np.float32).eps), pl.Float64: 1e-9}
"""By how much of itself a number may differ: some steps of Float32; of Float64, far more than sums lose, and far less
than one event in a million adds."""
NEAR_ZERO = 1e-9
"""A difference of large numbers is as exact as those: by how much of the usual size of the column any may differ."""


def equal_but_for_rounding(one: pl.Series, other: pl.Series) -> bool:
    """Whether two columns are equal: floating-point numbers, in lists too, nearly, all else exactly.

    Args:
        one: a column.
        other: another, of the same length.

    Example:
        >>> equal_but_for_rounding(pl.Series([0.1 + 0.2, 5.0]), pl.Series([0.3, 5.0]))
        True
        >>> equal_but_for_rounding(pl.Series([0.3, 5.0]), pl.Series([0.3, 5.00001]))
        False
    """
    if one.dtype != other.dtype:
        return False
    if isinstance(one.dtype, pl.Array):
        one, other = one.arr.to_list(), other.arr.to_list()
    if isinstance(one.dtype, pl.List):
        alike = one.is_null().equals(other.is_null()) and one.list.len().equals(other.list.len())
        return alike and equal_but_for_rounding(one.explode(empty_as_null=True), other.explode(empty_as_null=True))
    if not one.dtype.is_float() or not one.is_null().equals(other.is_null()):
        return one.equals(other)
    return _near(one, other, SHARE.get(type(one.dtype), SHARE[pl.Float32]))


def _near(one: pl.Series, other: pl.Series, share: float) -> bool:
    a, b = (side.drop_nulls().cast(pl.Float64).to_numpy() for side in (one, other))
    numbers = np.isfinite(a) & np.isfinite(b)
    size = np.maximum(np.abs(a), np.abs(b))
    usual = np.median(size[numbers & (size > 0)]) if (numbers & (size > 0)).any() else 0.0
    same = (a == b) | (np.isnan(a) & np.isnan(b))
    near = np.abs(a[numbers] - b[numbers]) <= share * size[numbers] + NEAR_ZERO * usual
    return bool(same[~numbers].all() and near.all())
