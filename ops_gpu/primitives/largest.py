"""The largest number of a type, and keeping to it."""

from __future__ import annotations

import numpy as np
import polars as pl

LARGEST: dict[str, float] = {name: float(np.finfo(name).max) for name in ("float32", "float64")}
"""The largest number of a type; models take Float32, in which a larger one is infinite."""


def bounded(value: pl.Expr, dtype: str = "float32") -> pl.Expr:
    """Float64 numbers within what a type holds: those beyond become its largest. Null and NaN stay."""
    return value.clip(-LARGEST[dtype], LARGEST[dtype])
