"""Whether a tensor of a request holds what its shape says.

Triton 2.45, which we embed, believes the shape that a request names and never compares it with the bytes that came. The
Python backend would then read what lies behind them in memory, and end its process where the shape is large enough.
Later versions refuse such a request by themselves.
"""

from __future__ import annotations

import ctypes
import os

from serving.triton.tensors.dlpack import Array

TOLD = "RECSYS_TENSOR_SIZES"
"""Variable of a server whose Python backend keeps the size of each tensor where we look for it: the embedded one."""
LOOKED_AT = TOLD in os.environ
_BEFORE = 16
"""Bytes between that size (uint64) and the tensor's first byte; see `MemoryShm` in the backend's `pb_memory.h`."""


def check_size(name: str, array: Array) -> None:
    """Refuses a tensor of a shape that its bytes do not fill; reads none of them.

    Args:
        name: of the input.
        array: over the memory of a tensor that the backend was given, of any shape.

    Raises:
        ValueError: says both sizes.
    """
    place = array.__array_interface__["data"][0]
    size = ctypes.c_uint64.from_address(place - _BEFORE).value
    if size != array.nbytes:
        raise ValueError(
            f"Input {name!r} came with {size} bytes, but its shape {array.shape} of {array.dtype} takes "
            f"{array.nbytes}; send at least one user, and as many bytes as the shape says."
        )
