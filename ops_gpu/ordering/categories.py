"""What categories items lie in: of codes, of lists of codes, or of numbers in buckets."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ops_gpu.features.feature_table import FIRST_CODE


def membership(values: npt.NDArray[Any], buckets: int = 5) -> npt.NDArray[np.bool_]:
    """Which categories each item has.

    Args:
        values: a column of a `FeatureTable`: codes `[items]`, padded lists of codes `[items, length]`, or
            numbers `[items]` or `[items, 1]`.
        buckets: numbers are cut into so many buckets of about equally many items.

    Returns:
        bool `[items, categories]`; padding, null and unseen values are no category.
    """
    if values.dtype.kind == "f":
        return _of_numbers(values.reshape(len(values)), buckets)
    codes = values.reshape(len(values), -1)
    has = np.zeros((len(codes), max(int(codes.max(initial=0)) + 1, FIRST_CODE)), np.bool_)
    has[np.arange(len(codes))[:, None], codes] = True
    return has[:, FIRST_CODE:]


def shares(has: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    """An item in several categories lies in each with an equal share; float64 `[items, categories]`."""
    return np.asarray(has / np.maximum(has.sum(axis=1, keepdims=True), 1), np.float64)


def _of_numbers(values: npt.NDArray[Any], buckets: int) -> npt.NDArray[np.bool_]:
    known = values[FIRST_CODE:]  # the first rows belong to no item
    limits = np.unique(np.quantile(known, np.arange(1, buckets) / buckets)) if len(known) else np.empty(0)
    bucket = np.searchsorted(limits, values, side="right")
    has: npt.NDArray[np.bool_] = bucket[:, None] == np.arange(len(limits) + 1)
    has[:FIRST_CODE] = False
    return has
