"""Rows of a matrix that are equal, found together."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ops_gpu.primitives.ragged import Ragged


def distinct_rows(matrix: npt.NDArray[Any]) -> Ragged:
    """The rows of a matrix by content: one list for each distinct one, with the positions of all that equal it.

    Args:
        matrix: `[rows, columns]`, of numbers; zeros of either sign are equal, and so are NaNs of the same bits.

    Returns:
        Positions int64, rising within a list; lists by their first one.
    """
    whole = np.ascontiguousarray(matrix) + matrix.dtype.type(0)  # adding makes zeros alike
    keys = whole.view(np.dtype((np.void, whole.dtype.itemsize * whole.shape[1]))).ravel()
    _, first, group = np.unique(keys, return_index=True, return_inverse=True)
    by_first = np.argsort(first)
    rank = np.empty_like(by_first)
    rank[by_first] = np.arange(len(by_first))
    group = rank[group.ravel()]
    return Ragged.from_lengths(np.argsort(group, kind="stable"), np.bincount(group, minlength=len(first)))
