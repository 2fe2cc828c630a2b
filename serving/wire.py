"""Ids and tensors as they travel between a client and Triton."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from tritonclient.grpc import model_config_pb2

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
    """

    id_type: str
    max_batch_size: int
    stages: tuple[str, ...]

    @classmethod
    def of(cls, config: Any) -> ModelDescription:
        """From the model's configuration as the server gives it."""
        types = {tensor.name: model_config_pb2.DataType.Name(tensor.data_type) for tensor in config.input}
        stages = config.parameters["stages"].string_value.split(",")
        return cls(types["user_id"].removeprefix("TYPE_"), max(1, config.max_batch_size), tuple(stages))


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


def _integer(value: Id) -> int:
    try:
        number = int(value) if isinstance(value, str) else operator.index(value)
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
