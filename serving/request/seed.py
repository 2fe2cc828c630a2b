"""The seed of a request: lists that are drawn can be drawn again."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from serving.request.columns import Columns, array

UNSEEDED = -1
"""The seed of a request that names none."""


def with_fresh(seed: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The seeds, with fresh ones where a request named none."""
    missing = seed == UNSEEDED
    return np.where(missing, np.random.default_rng().integers(0, 2**63, seed.shape), seed) if missing.any() else seed


def seeded(columns: Columns) -> Columns:
    """The columns of a request, with a seed where it named none."""
    return {**columns, "seed": with_fresh(array(columns, "seed"))} if "seed" in columns else columns
