"""Columns of a batch of requests: one value, vector or list a user."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ops_gpu.primitives.ragged import Ragged

Column = npt.NDArray[Any] | Ragged
"""One value (or vector) a user, or one list a user."""
Columns = dict[str, Column]
"""A batch: columns by name; row = user."""


def array(columns: Columns, name: str) -> npt.NDArray[Any]:
    """The scalar column of this name (the type check of the ensemble has seen to it)."""
    column = columns[name]
    assert isinstance(column, np.ndarray)
    return column


def ragged(columns: Columns, name: str) -> Ragged:
    """The list column of this name."""
    column = columns[name]
    assert isinstance(column, Ragged)
    return column
