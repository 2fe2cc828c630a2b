"""What models in Triton's Python backend are given, and what they answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from serving.request.request import MAX_ID_BYTES
from serving.triton.tensors.column_pack import ColumnPack
from serving.triton.tensors.dlpack import Array, to_array, to_tensor
from serving.triton.tensors.size_check import LOOKED_AT, check_size


def read_tensor(backend: Any, request: Any, name: str) -> Array | None:
    """An input of a request, not copied and so read only; None where the request leaves it out.

    Args:
        backend: the module `triton_python_backend_utils`, which is there inside Triton alone.
        request: one of those that `execute` was given.
        name: of the input.

    Raises:
        ValueError: when its shape is not that of the bytes that came.
    """
    tensor = backend.get_input_tensor_by_name(request, name)
    if tensor is None:
        return None
    array = to_array(tensor)
    if LOOKED_AT:
        check_size(name, array)
    return array


def read_id(request: Any) -> str:
    """The id that a request was given, empty for none.

    Raises:
        ValueError: for one that is longer than any other id, for it is logged.
    """
    found: str = request.request_id()
    if len(found) > MAX_ID_BYTES:
        raise ValueError(f"The id of a request has {len(found)} characters; send at most {MAX_ID_BYTES}.")
    return found


def read_packs(backend: Any, request: Any, givers: Iterable[str]) -> ColumnPack | Exception:
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
        return ColumnPack.merged(ColumnPack.from_tensor(tensor) for tensor in tensors.values() if tensor is not None)
    except Exception as error:
        return error


def respond(backend: Any, answer: Mapping[str, Array] | Exception) -> Any:
    """The response to one request: its outputs by name, or a sentence that says what was wrong with it."""
    if not isinstance(answer, Exception):
        return backend.InferenceResponse([to_tensor(backend, *output) for output in answer.items()])
    text = str(answer) if isinstance(answer, ValueError) else f"{type(answer).__name__}: {answer}"
    return backend.InferenceResponse(error=backend.TritonError(text))
