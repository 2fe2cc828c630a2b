"""Arrays to Triton's Python backend, whose own conversions break with numpy 2."""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
_set_destructor = ctypes.pythonapi.PyCapsule_SetDestructor
_set_destructor.argtypes = [ctypes.py_object, ctypes.c_void_p]
_set_destructor.restype = ctypes.c_int


def to_tensor(pb_utils: Any, name: str, value: Array) -> Any:
    """A `pb_utils.Tensor` over the memory of a contiguous, writable array."""
    # The backend takes the memory over but renames the capsule in a way that numpy's destructor does
    # not know: it would print a traceback for every tensor. The memory is freed by the backend.
    capsule = value.__dlpack__()
    _set_destructor(capsule, None)
    return pb_utils.Tensor.from_dlpack(name, capsule)


def to_array(tensor: Any) -> Array:
    """The array of a tensor, without a copy."""
    return np.from_dlpack(tensor)
