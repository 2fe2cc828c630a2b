"""Who is answered by a challenger, and how two answers become one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from ops_gpu.primitives.stable_hash import hash_bytes, hash_integers, mix

Array = npt.NDArray[Any]
PADS: Mapping[str, float] = {"score": np.nan}
"""What stands behind the last item of a shorter list; 0 elsewhere, and -1 for ids that are integers."""


def in_canary(user_id: Array, share: float, salt: int) -> npt.NDArray[np.bool_]:
    """Which users a challenger answers: always the same ones, and with a larger share those and others.

    Args:
        user_id: int64 `[n, 1]`, or zero-padded UTF-8 bytes, uint8 `[n, 256]`.
        share: of all users, 0 to 1.
        salt: another one draws other users.

    Returns:
        bool `[n]`.
    """
    drawn = mix(_hashes(user_id) ^ np.uint64(salt))
    return np.asarray(drawn.astype(np.float64) / 2.0**64 < share)


def _hashes(user_id: Array) -> npt.NDArray[np.uint64]:
    if user_id.dtype == np.int64:
        return hash_integers(user_id.reshape(-1))
    lengths = (user_id != 0).sum(axis=1)  # the same user is the same in a wider batch
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    return hash_bytes(user_id[user_id != 0], offsets)


def merged(mine: Mapping[str, Array], theirs: Mapping[str, Array], rows: npt.NDArray[np.bool_]) -> dict[str, Array]:
    """Output tensors of all users, from those of two parts.

    Args:
        mine: tensors of the users where `rows` is false, in order.
        theirs: tensors of the others.
        rows: bool `[n]`.
    """
    return {name: _merged(name, mine[name], theirs[name], rows) for name in mine}


def _merged(name: str, mine: Array, theirs: Array, rows: npt.NDArray[np.bool_]) -> Array:
    shape = np.maximum(mine.shape[1:], theirs.shape[1:])
    pad = -1 if name == "item_id" and mine.dtype == np.int64 else PADS.get(name, 0)
    result = np.full((len(rows), *shape), pad, mine.dtype)
    for part, where in ((mine, ~rows), (theirs, rows)):
        place: Any = (where, *(slice(0, size) for size in part.shape[1:]))
        result[place] = part
    return result
