"""Scored candidates of a batch of users as dense arrays, best first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ops_gpu.primitives.ragged import Ragged


@dataclass(frozen=True)
class Ranked:
    """The best candidates of each user by falling score, equal ones by rising code.

    Args:
        items: int32 `[users, width]`, item codes; 0 where a user has fewer.
        relevance: float64 `[users, width]`, scores from 0 (the user's lowest) to 1 (the highest).
        places: int64 `[users, width]`, where the candidate stands among all of the batch; -1 where there is none.
    """

    items: npt.NDArray[np.int32]
    relevance: npt.NDArray[np.float64]
    places: npt.NDArray[np.int64]

    @classmethod
    def of(cls, items: Ragged, scores: npt.NDArray[Any], pool: int) -> Ranked:
        """Sorts and cuts.

        Args:
            items: item codes, ragged over users.
            scores: float `[total]`; infinite or NaN ones are an error of the ranker and count as the lowest.
            pool: the most candidates of a user that are looked at.
        """
        values = np.nan_to_num(scores.astype(np.float64), nan=-np.inf, posinf=np.inf, neginf=-np.inf)
        order = np.lexsort((items.values, -values, items.row_ids))
        places = Ragged(order, items.offsets)
        width = int(min(pool, items.lengths.max(initial=0)))
        at = places.to_dense(width, -1)
        there = at >= 0
        dense = np.where(there, values[at] if len(values) else 0.0, np.nan)
        codes = np.where(there, items.values[at] if len(values) else 0, 0)
        return cls(codes.astype(np.int32), _scaled(dense), at)

    @property
    def present(self) -> npt.NDArray[np.bool_]:
        """Where there is a candidate, bool `[users, width]`."""
        return self.places >= 0


def _scaled(scores: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Each row from 0 to 1; 1 where all are equal, 0 where there is nothing or no number."""
    finite = np.isfinite(scores)
    low = np.where(finite, scores, np.inf).min(axis=1, initial=np.inf, keepdims=True)
    high = np.where(finite, scores, -np.inf).max(axis=1, initial=-np.inf, keepdims=True)
    span = np.where(high > low, high - low, 1.0)
    with np.errstate(invalid="ignore"):
        scaled = np.where(high > low, (scores - low) / span, 1.0)
    return np.where(finite, scaled, np.where(scores == np.inf, 1.0, 0.0))
