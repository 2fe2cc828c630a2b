"""Metrics of recommended lists, a value a user, so that means come with standard errors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ops_gpu.primitives.ragged import Ragged

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class ListMetrics:
    """Recall, NDCG, hit rate and reciprocal rank at k of every user, float64 `[users]` each.

    Recall is hits / min(k, positives), so that a perfect list reaches 1 for every user; NDCG has binary gains and
    is normalised by the best list of min(k, positives) hits.

    Args:
        k: length of the lists that counts.
        recall: hits / min(k, positives).
        ndcg: discounted gain over the best possible one.
        hit: 1 where anything was hit.
        mrr: 1 / position of the first hit, from 1; 0 without one.
    """

    k: int
    recall: Floats
    ndcg: Floats
    hit: Floats
    mrr: Floats

    @classmethod
    def of(cls, lists: npt.NDArray[np.integer[Any]], positives: Ragged, k: int) -> ListMetrics:
        """Compares lists with what happened.

        Args:
            lists: item codes `[users, >= k]`, best first, 0 where a list is shorter.
            positives: the distinct items that each user then chose; at least one a user.
            k: length of the list that counts.

        Raises:
            ValueError: when the users differ in number, or one has no positive.
        """
        if len(lists) != len(positives) or np.any(positives.lengths == 0):
            raise ValueError(
                f"need one list and at least one positive a user, got {len(lists)} lists and {len(positives)} users, "
                f"{int((positives.lengths == 0).sum())} of them without a positive."
            )
        top = lists[:, :k].astype(np.int64)
        base = 1 + max(int(top.max(initial=0)), int(positives.values.max(initial=0)))
        wanted = positives.row_ids * base + positives.values
        hits = np.isin(np.arange(len(top))[:, None] * base + top, wanted) & (top > 0)
        discount = 1 / np.log2(np.arange(2, top.shape[1] + 2))
        possible = np.minimum(positives.lengths, k)
        ideal = np.cumsum(1 / np.log2(np.arange(2, k + 2)))[possible - 1]
        found = hits.sum(axis=1)
        first = np.where(found > 0, 1 / (1 + hits.argmax(axis=1)), 0.0)
        return cls(k, found / possible, (hits * discount).sum(axis=1) / ideal, (found > 0) * 1.0, first)

    def summary(self) -> dict[str, float]:
        """Means and their standard errors: `recall@k`, `recall@k_se`, ..."""
        result: dict[str, float] = {"users": float(len(self.recall))}
        for name in ("recall", "ndcg", "hit", "mrr"):
            values = getattr(self, name)
            spread = values.std(ddof=1) / len(values) ** 0.5 if len(values) > 1 else 0.0
            result[f"{name}@{self.k}"] = float(values.mean()) if len(values) else 0.0
            result[f"{name}@{self.k}_se"] = float(spread)
        return result
