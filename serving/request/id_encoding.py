"""Ids as they travel between a client and Triton."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from serving.request.recommendation import Id
from serving.request.request import MAX_ID_BYTES

Array = npt.NDArray[Any]


def encode_ids(ids: Sequence[Id], id_type: str, what: str = "A user id") -> Array:
    """Ids as a tensor: int64 `[n, 1]`, or UTF-8 padded with zeros, uint8 `[n, MAX_ID_BYTES]`.

    All ids are of one width, so that Triton itself refuses what is longer before it copies it, and joins any requests.

    Args:
        ids: integers or strings.
        id_type: `INT64` or `UINT8`.
        what: what they are, as the beginning of an error's sentence.

    Raises:
        ValueError: for an id that is missing, too long, or no integer where ids are integers.
    """
    if id_type == "INT64":
        return np.array([[_integer(value, what)] for value in ids], np.int64)
    texts = [_text(value, what) for value in ids]
    return np.array(texts, f"S{MAX_ID_BYTES}").view(np.uint8).reshape(len(texts), MAX_ID_BYTES)


def decode_ids(tensor: Array) -> list[list[Id]]:
    """Item ids of each user from int64 `[n, k]` or zero-padded UTF-8 `[n, k, w]`, padding included."""
    if tensor.ndim == 2:
        return [list(row) for row in tensor.tolist()]
    texts = np.ascontiguousarray(tensor).view(f"S{tensor.shape[2]}")[:, :, 0]
    return [[item.decode("utf-8") for item in row] for row in texts.tolist()]


def _integer(value: Id, what: str) -> int:
    try:
        number = int(value) if isinstance(value, str) else operator.index(value)
    except (ValueError, TypeError) as error:
        raise ValueError(f"{what} of this recommender is an integer, got {value!r}.") from error
    if not -(2**63) <= number < 2**63:
        raise ValueError(f"{what} must fit into 64 bits, got {value!r}.")
    return number


def _text(value: Id, what: str) -> bytes:
    if not isinstance(value, (str, int, np.integer)):
        raise ValueError(f"{what} must be a string or an integer, got {value!r}.")
    encoded = str(value).encode("utf-8")
    if len(encoded) > MAX_ID_BYTES:
        raise ValueError(f"{what} has at most {MAX_ID_BYTES} bytes, got {len(encoded)}.")
    if encoded.endswith(b"\0"):
        raise ValueError(f"{what} must not end with a zero byte, which is padding on the wire, got {value!r}.")
    return encoded
