"""Tensors of Triton's Python backend as numpy arrays, and back."""

from __future__ import annotations

import ctypes
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from serving.triton.pack import Pack

Array = npt.NDArray[Any]

_set_destructor = ctypes.pythonapi.PyCapsule_SetDestructor
_set_destructor.argtypes = [ctypes.py_object, ctypes.c_void_p]
_set_destructor.restype = ctypes.c_int


def read_tensor(backend: Any, request: Any, name: str) -> Array | None:
    """An input of a request, not copied and so read only; None where the request leaves it out.

    Args:
        backend: the module `triton_python_backend_utils`, which is there inside Triton alone.
        request: one of those that `execute` was given.
        name: of the input.
    """
    tensor = backend.get_input_tensor_by_name(request, name)
    return None if tensor is None else np.from_dlpack(tensor)


def write_tensor(backend: Any, name: str, value: Array) -> Any:
    """An output, through DLPack: with numpy 2 the backend's own conversion gives wrong arrays.

    Args:
        backend: the module `triton_python_backend_utils`.
        name: of the output.
        value: contiguous, writable, and of one element at least.
    """
    # The backend takes the memory over but renames the capsule in a way that numpy's destructor does
    # not know: it would print a traceback for every tensor. The memory is freed by the backend.
    capsule = value.__dlpack__()
    _set_destructor(capsule, None)
    return backend.Tensor.from_dlpack(name, capsule)


def read_packs(backend: Any, request: Any, givers: Iterable[str]) -> Pack | Exception:
    """What some steps of an ensemble have given for a request; what is wrong with it, where something is.

    Args:
        backend: the module `triton_python_backend_utils`.
        request: one of those that `execute` was given.
        givers: names of the inputs, each a pack.
    """
    try:
        tensors = {name: read_tensor(backend, request, name) for name in givers}
        missing = [name for name, tensor in tensors.items() if tensor is None]
        if missing:
            raise ValueError(f"A step of an ensemble was not given {missing[0]!r}; ask the ensemble's model.")
        return Pack.merged(Pack.from_tensor(tensor) for tensor in tensors.values() if tensor is not None)
    except Exception as error:
        return error


def respond(backend: Any, answer: Mapping[str, Array] | Exception) -> Any:
    """The response to one request: its outputs by name, or a sentence that says what was wrong with it."""
    if not isinstance(answer, Exception):
        return backend.InferenceResponse([write_tensor(backend, *output) for output in answer.items()])
    text = str(answer) if isinstance(answer, ValueError) else f"{type(answer).__name__}: {answer}"
    return backend.InferenceResponse(error=backend.TritonError(text))
