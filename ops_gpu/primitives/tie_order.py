"""The order of equally good items: a fixed one that has nothing to do with what they are.

Codes are given out by frequency, so that the order of codes is the order of popularity. Were equal scores ordered by
code, a model that says the same of every item would be measured, and would answer, like the list of popular items.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

MASK = 0x7FFF_FFFF  # codes have 31 bits
SHIFT = 1710  # of some thousand, the one with which small codes are spread best, whatever the catalogue
FIRST, SECOND = 0x2C1B_3C6D, 0x297A_2D39  # odd, so that each product belongs to one code
FIRST_BACK, SECOND_BACK = 1_693_068_645, 217_100_553  # their inverses modulo 2**31
LAST = 0xFFFF_FFFF  # of what is no code


def tie_order(codes: npt.NDArray[np.integer[Any]]) -> npt.NDArray[np.uint32]:
    """The place of each item among equally good ones, a number of its own; the smallest comes first.

    The same lines stand in kernels, which call nothing.

    Args:
        codes: item codes; negative ones come behind all others.

    Returns:
        uint32, of the same shape.

    Example:
        >>> tie_order(np.array([3, 4, 5])).argsort().tolist()
        [1, 2, 0]
    """
    bits = (codes.astype(np.uint64) + np.uint64(SHIFT)) & np.uint64(MASK)
    bits = (bits * np.uint64(FIRST)) & np.uint64(MASK)
    bits ^= bits >> np.uint64(15)
    bits = (bits * np.uint64(SECOND)) & np.uint64(MASK)
    bits ^= bits >> np.uint64(14)
    return np.where(codes < 0, np.uint32(LAST), bits.astype(np.uint32))
