"""An id that nobody has, to try what becomes of strangers."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

from ops_gpu.schema.id_limits import NULL_INTEGER

if TYPE_CHECKING:
    import polars as pl

    from serving.request.recommendation import Id


def nobody(ids: pl.Series) -> Id:
    """An id of the type of these that is none of them: above them, or in a gap where the largest integer is taken."""
    taken = set(ids.to_list())
    if not ids.dtype.is_integer():
        return next(name for n in count() if (name := f"nobody has this id{n or ''}") not in taken)
    above: int = max(taken, default=0) + 1
    return above if above < 2**63 else next(n for n in range(above - 1, NULL_INTEGER, -1) if n not in taken)
