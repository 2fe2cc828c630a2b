"""Evaluation by time: one list a user, made at the cut, against what the user chose after it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ops_gpu.candidates.popular import popular_order
from ops_gpu.evaluation.baselines import baseline_lists
from ops_gpu.evaluation.evaluation_protocol import EvaluationProtocol
from ops_gpu.evaluation.metrics import ListMetrics
from ops_gpu.features.training_data import TrainingData
from ops_gpu.interactions.events import Events
from ops_gpu.models.contract import Ranker
from ops_gpu.primitives.ragged import Ragged
from ops_gpu.recommender.candidate_sources import CandidateSources
from ops_gpu.recommender.ranking_examples import choices_after
from ops_gpu.recommender.two_stage import recommend

Codes = npt.NDArray[np.int32]
DEPTHS = (10, 20)


@dataclass(frozen=True)
class Evaluation:
    """Measured lists, by method, with everything needed to compare two recommenders user by user.

    Args:
        users: codes of the users with a history and a positive in the range.
        final: metrics of the final list at each depth.
        retrieval: the same of the candidates in retrieval order.
        baselines: by name.
        new_users: of users without a history, who get the popular items; None where there are none.
        lists: the final lists, int32 `[users, k]`.

    Example:
        >>> sorted(evaluate(data, sources, ranking, EvaluationProtocol(cut, end, repeats=False)).baselines)[0]
        'item_knn'
    """

    users: npt.NDArray[np.int64]
    final: dict[int, ListMetrics]
    retrieval: dict[int, ListMetrics]
    baselines: dict[str, dict[int, ListMetrics]]
    new_users: dict[int, ListMetrics] | None
    lists: Codes

    def to_dict(self) -> dict[str, Any]:
        """Means and standard errors, as JSON: `{"final": {"recall@20": ...}, "retrieval": ..., ...}`."""
        return {
            "final": _flat(self.final),
            "retrieval": _flat(self.retrieval),
            "baselines": {name: _flat(by_k) for name, by_k in self.baselines.items()},
            "new_users": _flat(self.new_users) if self.new_users else {"users": 0},
        }


def _flat(by_depth: dict[int, ListMetrics]) -> dict[str, float]:
    return {name: value for metrics in by_depth.values() for name, value in metrics.summary().items()}


def evaluate(
    data: TrainingData,
    sources: CandidateSources,
    ranking: Ranker,
    protocol: EvaluationProtocol,
) -> Evaluation:
    """Compares the recommender's lists and all baselines with what happened in `[start, end)`.

    Args:
        data: events and features.
        sources: candidate sources as of `protocol.start`, of models trained on nothing at or after it.
        ranking: a ranker of which the same holds.
        protocol: the range and rules.

    Raises:
        ValueError: when nobody with a history chose anything in the range, or the sources are of another moment.

    Example:
        >>> lists = evaluate(data, sources, ranking, EvaluationProtocol(cut, end, repeats=False)).lists
    """
    if sources.item_state.as_of != protocol.start:
        raise ValueError(
            f"the candidate sources are as of {sources.item_state.as_of}, the lists are wanted as of {protocol.start}; "
            "build the sources for the cut."
        )
    users, chosen = choices_after(data.events, protocol.start, protocol.end, protocol.repeats)
    if len(users) == 0:
        raise ValueError(
            "no user with a history chose anything new in the days to evaluate; evaluate more days "
            "(evaluation.days) or materialize more of them."
        )
    lists = recommend(data, sources, ranking, users, protocol.k)
    other = baseline_lists(
        data.events, sources.item_state, users, protocol.k, protocol.repeats, protocol.half_life_days
    )
    return Evaluation(
        users,
        measure(lists.final, chosen),
        measure(lists.retrieved, chosen),
        {name: measure(codes, chosen) for name, codes in other.items()},
        _new_users(data.events, sources, protocol),
        lists.final,
    )


def measure(lists: Codes, chosen: Ragged) -> dict[int, ListMetrics]:
    """Metrics of lists at all depths.

    Args:
        lists: item codes `[users, k]`, best first, 0 where a list is shorter.
        chosen: what each user chose, at least one item each.
    """
    return {k: ListMetrics.of(lists, chosen, k) for k in DEPTHS}


def better_by(mine: ListMetrics, other: ListMetrics) -> tuple[float, float]:
    """How much better one recommender is than another, by NDCG.

    Args:
        mine: metrics of the one.
        other: of the other, for the same users in the same order.

    Returns:
        Mean of the differences and their standard error, paired by user.
    """
    difference = mine.ndcg - other.ndcg
    spread = difference.std(ddof=1) / len(difference) ** 0.5 if len(difference) > 1 else 0.0
    return float(difference.mean()), float(spread)


def _new_users(
    events: Events, sources: CandidateSources, protocol: EvaluationProtocol
) -> dict[int, ListMetrics] | None:
    """Metrics of the popular items for users without a history; each needs a code of their own."""
    past, future = events.before(protocol.start), events.between(protocol.start, protocol.end)
    new = np.ones(events.users, np.bool_)
    new[past.user] = False
    chosen = future.positive & new[future.user]
    if not chosen.any():
        return None
    key = np.unique(future.user[chosen].astype(np.int64) * events.items + future.item[chosen])
    users, lengths = np.unique(key // events.items, return_counts=True)
    popular = popular_order(sources.item_state)[: protocol.k]
    lists = np.zeros((len(users), protocol.k), np.int32)
    lists[:, : len(popular)] = popular
    return measure(lists, Ragged.from_lengths((key % events.items).astype(np.int32), lengths))
