"""Refusing what is no number: NaN spreads to everything it meets, and as a score it looks like any other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt


class NotFiniteError(ValueError):
    """A number is none: null, NaN or infinite."""


def require_finite(values: npt.NDArray[Any], what: str, remedy: str | Callable[[], str]) -> None:
    """Checks that all numbers of an array are finite.

    Args:
        values: `[rows, ...]`; integers pass.
        what: what they are, as the beginning of the message's sentence.
        remedy: what to do, as its end, or what gives that, where finding it out takes time.

    Raises:
        NotFiniteError: says in how many rows there is a null, NaN or infinite number.
    """
    finite = np.isfinite(values)
    if not finite.all():
        rows = int((~finite.reshape(len(values), -1)).any(axis=1).sum())
        end = remedy if isinstance(remedy, str) else remedy()
        raise NotFiniteError(
            f"{what} hold no finite number (but null, NaN or infinity) in {rows:,} of {len(values):,} rows; {end}."
        )
