"""Lists of text in a tensor of one fixed width: the item ids of a user's latest events, where those are strings.

A width that a request could choose would have to be believed (see `serving.triton.tensors.size_check`), and a place
for the longest id at every event would be 64 KB a user. So the ids of a user stand one behind the other, a zero byte
between.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from serving.request.request import MAX_EVENTS, MAX_ID_BYTES

LIST_BYTES = 4096
"""Width of the tensor: bytes of all ids of a user together, with those between them."""
Array = npt.NDArray[Any]


def pack_texts(lists: Sequence[Sequence[bytes]], what: str) -> Array:
    """One tensor of some lists.

    Args:
        lists: UTF-8 texts, a list a user.
        what: what they are, as the beginning of an error's sentence.

    Returns:
        uint8 `[n, LIST_BYTES]`, padded with zeros.

    Raises:
        ValueError: for a text with a zero byte in it, or a list that is too long.
    """
    rows = [b"\0".join(texts) for texts in lists]
    for texts, row in zip(lists, rows, strict=True):
        if row.count(b"\0") > max(0, len(texts) - 1):
            raise ValueError(f"{what} must not hold a zero byte, which stands between two ids on the wire.")
        if len(row) > LIST_BYTES:
            raise ValueError(f"{what} and those beside it take {len(row)} bytes, at most {LIST_BYTES}; send fewer.")
    return np.array(rows, f"S{LIST_BYTES}").view(np.uint8).reshape(len(rows), LIST_BYTES)


def unpack_texts(tensor: Array, name: str) -> Array:
    """The lists of such a tensor.

    Args:
        tensor: as `pack_texts` gives it.
        name: of the input, for errors.

    Returns:
        Bytes (`S`) `[n, MAX_EVENTS]`, empty behind the last text of a list.

    Raises:
        ValueError: for another width, a list of more than `MAX_EVENTS` texts, or one that is longer than any id.
    """
    if tensor.shape[-1] != LIST_BYTES:
        raise ValueError(
            f"Input {name!r} must be {LIST_BYTES} bytes a user, padded with zeros, got {tensor.shape[-1]}."
        )
    lists = [row.tobytes().rstrip(b"\0").split(b"\0") for row in tensor]
    most = max(map(len, lists), default=0)
    if most > MAX_EVENTS:
        raise ValueError(f"Input {name!r} holds {most} values a user; send at most {MAX_EVENTS}.")
    width = max((len(text) for texts in lists for text in texts), default=0) or 1
    if width > MAX_ID_BYTES:  # an array of such would take a megabyte a user
        raise ValueError(f"Input {name!r} holds a value of {width} bytes; send at most {MAX_ID_BYTES} each.")
    result = np.zeros((len(lists), MAX_EVENTS), f"S{width}")
    for row, texts in zip(result, lists, strict=True):
        row[: len(texts)] = texts
    return result
