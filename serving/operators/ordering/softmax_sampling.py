"""SoftmaxSampling: the best candidates of each user, or a sample that favours them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ops_gpu.primitives.kernel import Float64s, Int32s, Int64s, kernel
from serving.operators.base import Need
from serving.operators.ordering.ordering import Ordering
from serving.request.columns import Columns, array, ragged
from serving.request.seed import with_fresh


@dataclass
class SoftmaxSampling(Ordering):
    """Orders candidates by score, or draws them without replacement with softmax probabilities.

    Adding Gumbel noise to `score / temperature` and taking the k largest is drawing k times without
    replacement from the softmax (Kool et al. 2019, "Stochastic Beams and Where to Find Them"). Noise is a
    function of seed and item alone, so a seeded user gets the same list in any batch. Merlin Systems'
    operator multiplied by the temperature and divided by the sum of scores, which is no softmax.

    Args:
        temperature: 0 gives the exact top k (ties by rising item code); above, lower is greedier.

    Raises:
        ValueError: for a negative temperature.

    Example:
        >>> best = (scored + request["k"]) >> SoftmaxSampling()
    """

    temperature: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.temperature < np.inf:
            raise ValueError(f"temperature must be 0 or above, got {self.temperature}; 0 is the exact top k.")

    def needs(self) -> tuple[Need, ...]:
        return (*super().needs(), *([Need("seed", ("int64",))] if self.temperature else []))

    def transform(self, columns: Columns) -> Columns:
        items, scores = ragged(columns, "candidate_item"), ragged(columns, "candidate_score").values
        k, key = array(columns, "k"), scores.astype(np.float64)
        if self.temperature:
            key = self._noisy(scores, items.values, items.row_ids, array(columns, "seed"))
        lengths = np.minimum(items.lengths, k)
        best = np.empty(int(lengths.sum()), np.int64)
        _best_places(items.offsets, items.values, key, lengths, best)
        return self.given(columns, best, lengths)

    def propensity(self, taken: Columns, given: Columns) -> npt.NDArray[np.float32]:
        if not self.temperature:
            return super().propensity(taken, given)
        items, scores = ragged(taken, "candidate_item"), ragged(taken, "candidate_score")
        listed, drawn = ragged(given, "item"), ragged(given, "score")
        parts = [
            _drawn(drawn[row] / self.temperature, scores[row][~np.isin(items[row], listed[row])] / self.temperature)
            for row in range(len(listed))
        ]
        return np.concatenate([np.empty(0, np.float32), *parts])

    def _noisy(
        self, scores: npt.NDArray[Any], items: npt.NDArray[Any], row: npt.NDArray[Any], seed: npt.NDArray[Any]
    ) -> npt.NDArray[np.float64]:
        gumbel = -np.log(-np.log(uniform(with_fresh(seed)[row], items)))
        return np.asarray(scores.astype(np.float64) / self.temperature + gumbel)


@kernel(writes=1)
def _best_places(rows: Int64s, items: Int32s, key: Float64s, lengths: Int64s, best: Int64s) -> None:
    """Where the largest keys are, equal ones by rising code."""
    total = 0
    for row in range(len(rows) - 1):
        start, stop = rows[row], rows[row + 1]
        by_code = np.argsort(items[start:stop], kind="mergesort")
        order = by_code[np.argsort(-key[start:stop][by_code], kind="mergesort")]
        for place in order[: lengths[row]]:
            best[total] = start + place
            total += 1


def _drawn(chosen: npt.NDArray[Any], others: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    """Probabilities of drawing logits one after another, without replacement (Plackett 1975; Luce 1959).

    Args:
        chosen: logits of those drawn, in order.
        others: of those that were not.
    """
    logits = np.concatenate([np.sort(others), chosen[::-1]]).astype(np.float64)
    left = np.logaddexp.accumulate(logits)[len(others) :][::-1]  # of all that were there before each draw
    return np.asarray(np.exp(chosen - left), np.float32)


def uniform(seed: npt.NDArray[Any], item: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Numbers in (0, 1) that depend on nothing but seed and item (SplitMix64; Steele et al. 2014)."""
    golden = np.uint64(0x9E3779B97F4A7C15)
    state = _mixed(seed.astype(np.uint64) + golden) + item.astype(np.uint64) * golden
    bits = _mixed(state) >> np.uint64(11)
    return np.asarray((bits.astype(np.float64) + 0.5) / 2.0**53)


def _mixed(state: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return state ^ (state >> np.uint64(31))
