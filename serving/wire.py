"""Ids and tensors as they travel between a client and Triton."""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from tritonclient.grpc import model_config_pb2

from serving.condition import CONTEXT
from serving.feast_values import NULL_INTEGER
from serving.recommendation import Id
from serving.request import MAX_ID_BYTES

Array = npt.NDArray[Any]
TYPES: dict[str, Any] = {"INT64": np.int64, "INT32": np.int32, "FP32": np.float32, "UINT8": np.uint8}
"""Types on the wire by Triton's names."""


@dataclass(frozen=True)
class ModelDescription:
    """What a client needs to know of a recommender's model.

    Args:
        id_type: `INT64`, or `UINT8` where ids are strings.
        max_batch_size: most users in one request.
        stages: names of the stages whose times come with an answer.
        context: types of the request's own columns (`context_*`), by their names without that prefix.
        seeded: whether lists are drawn at random, and a request may say with which seed.
    """

    id_type: str
    max_batch_size: int
    stages: tuple[str, ...]
    context: Mapping[str, str] = field(default_factory=dict)
    seeded: bool = False

    @classmethod
    def of(cls, config: Any) -> ModelDescription:
        """From the model's configuration as the server gives it."""
        named = {tensor.name: model_config_pb2.DataType.Name(tensor.data_type) for tensor in config.input}
        types = {name: kind.removeprefix("TYPE_") for name, kind in named.items()}
        stages = tuple(config.parameters["stages"].string_value.split(","))
        context = {name.removeprefix(CONTEXT): kind for name, kind in types.items() if name.startswith(CONTEXT)}
        return cls(types["user_id"], max(1, config.max_batch_size), stages, context, "seed" in types)


def encode_ids(ids: Sequence[Id], id_type: str) -> Array:
    """Ids as a tensor: int64 `[n, 1]`, or UTF-8 padded with zeros to the longest, uint8 `[n, w]`.

    Raises:
        ValueError: for an id that is missing, too long, or no integer where ids are integers.
    """
    if id_type == "INT64":
        return np.array([[_integer(value)] for value in ids], np.int64)
    texts = [_text(value) for value in ids]
    width = max([1, *map(len, texts)])
    return np.array(texts, f"S{width}").view(np.uint8).reshape(len(texts), width)


def encode_context(name: str, values: Sequence[Any], kind: str) -> Array:
    """A request column as a tensor; None says nothing of a user.

    Args:
        name: of the column.
        values: one a user.
        kind: its type on the wire: `UINT8` for texts, `INT64` or `FP32`.

    Raises:
        ValueError: for a value of another type, a text that is too long or a number that is too large.
    """
    if kind == "UINT8":
        for value in values:
            if not isinstance(value, (str, type(None))) or len((value or "").encode()) > MAX_ID_BYTES:
                raise ValueError(f"the context {name!r} is a text of at most {MAX_ID_BYTES} bytes, got {value!r:.80}.")
        return encode_ids(["" if value is None else value for value in values], kind)
    null, dtype = (NULL_INTEGER, np.int64) if kind == "INT64" else (float("nan"), np.float32)
    read: Any = _whole if kind == "INT64" else float
    try:
        return np.array([[null if value is None else read(value)] for value in values], dtype)
    except (TypeError, ValueError, OverflowError) as error:
        expected = "whole numbers of 64 bits" if kind == "INT64" else "numbers"
        raise ValueError(f"the context {name!r} takes {expected}, got {list(values)[:3]!r}.") from error


def decode_ids(tensor: Array) -> list[list[Id]]:
    """Item ids of each user from int64 `[n, k]` or zero-padded UTF-8 `[n, k, w]`, padding included."""
    if tensor.ndim == 2:
        return [list(row) for row in tensor.tolist()]
    texts = np.ascontiguousarray(tensor).view(f"S{tensor.shape[2]}")[:, :, 0]
    return [[item.decode("utf-8") for item in row] for row in texts.tolist()]


def add_input(request: Any, name: str, value: Array) -> None:
    """Adds a tensor to a `ModelInferRequest`."""
    tensor = request.inputs.add()
    tensor.name = name
    tensor.datatype = next(wire for wire, dtype in TYPES.items() if dtype == value.dtype)
    tensor.shape.extend(value.shape)
    request.raw_input_contents.append(value.tobytes())


def read_outputs(answer: Any) -> dict[str, Array]:
    """The tensors of a `ModelInferResponse` by name."""
    return {
        output.name: np.frombuffer(raw, TYPES[output.datatype]).reshape(tuple(output.shape))
        for output, raw in zip(answer.outputs, answer.raw_output_contents, strict=True)
    }


def _whole(value: Any) -> int:
    return int(value) if isinstance(value, str) else operator.index(value)


def _integer(value: Id) -> int:
    try:
        number = _whole(value)
    except (ValueError, TypeError) as error:
        raise ValueError(f"The users of this recommender have integer ids, got {value!r}.") from error
    if not -(2**63) <= number < 2**63:
        raise ValueError(f"A user id must fit into 64 bits, got {value!r}.")
    return number


def _text(value: Id) -> bytes:
    if not isinstance(value, (str, int, np.integer)):
        raise ValueError(f"A user id must be a string or an integer, got {value!r}.")
    encoded = str(value).encode("utf-8")
    if len(encoded) > MAX_ID_BYTES:
        raise ValueError(f"A user id has at most {MAX_ID_BYTES} bytes, got {len(encoded)}.")
    return encoded
