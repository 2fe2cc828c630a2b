"""Champion against challenger: the same users, the same days, none of which either was trained on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ops_gpu.evaluation import Protocol, better_by, measure
from ops_gpu.feature_table import FIRST_CODE
from ops_gpu.fitting import FitConfig, recommend
from ops_gpu.ranking import RankingModel
from ops_gpu.ranking_rows import choices_after, sources_at
from ops_gpu.retrieval import RetrievalModel
from ops_gpu.training_data import TrainingData
from ops_gpu.workflow import Workflow


@dataclass(frozen=True)
class Contender:
    """The models of one release or candidate, with the data as its own workflow encodes it."""

    data: TrainingData
    workflow: Workflow
    retrieval: RetrievalModel
    ranking: RankingModel
    config: FitConfig


@dataclass(frozen=True)
class Comparison:
    """NDCG of both over the same users.

    Args:
        users: how many were compared.
        challenger: mean NDCG@20 of the challenger.
        champion: mean NDCG@20 of the champion.
        difference: challenger minus champion.
        standard_error: of the difference, paired by user.
    """

    users: int
    challenger: float
    champion: float
    difference: float
    standard_error: float

    def not_worse(self, standard_errors: float) -> bool:
        """Whether the challenger lies no further below the champion than so many standard errors."""
        return self.difference >= -standard_errors * self.standard_error


def compare(challenger: Contender, champion: Contender, protocol: Protocol) -> Comparison | None:
    """Lists of both as of `protocol.start`, against what the users chose up to `protocol.end`.

    Both see the item state and the histories as of that moment; what differs is vocabularies, models and settings.

    Returns:
        The comparison over users that both know; None when there are none.
    """
    users, chosen = choices_after(challenger.data.events, protocol.start, protocol.end, protocol.repeats)
    theirs = champion.workflow.encode("user_id", challenger.workflow.decode("user_id", users))
    known = theirs >= FIRST_CODE
    if not known.any():
        return None
    users, theirs, chosen = users[known], theirs[known].astype(np.int64), chosen.take(np.flatnonzero(known))
    mine = _lists(challenger, users, protocol)
    other = _lists(champion, theirs, protocol)
    other = challenger.workflow.encode("item_id", champion.workflow.decode("item_id", other))
    other = np.where(other >= FIRST_CODE, other, 0)
    ours, its = measure(mine, chosen)[protocol.k], measure(other, chosen)[protocol.k]
    difference, spread = better_by(ours, its)
    return Comparison(len(users), float(ours.ndcg.mean()), float(its.ndcg.mean()), difference, spread)


def _lists(side: Contender, users: np.ndarray, protocol: Protocol) -> np.ndarray:  # type: ignore[type-arg]
    sources = sources_at(side.data, side.retrieval, protocol.start, side.config.candidates)
    return recommend(side.data, sources, side.retrieval, side.ranking, users, protocol.k).final
