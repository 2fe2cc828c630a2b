"""Item codes: positions in the arrays of a release."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def check_codes(codes: npt.NDArray[np.int32], items: int) -> None:
    """Refuses codes that are no positions in arrays of so many items, which kernels read without looking.

    Raises:
        IndexError: when one is negative or too large.
    """
    # A negative one, taken for unsigned, is larger than any: one look instead of two.
    if len(codes) and codes.view(np.uint32).max() >= items:
        raise IndexError(
            f"expected item codes from 0 to {items - 1}, got {codes.min()} to {codes.max()}; encode items with the "
            f"workflow that the arrays were made with."
        )
