"""Champion against challenger: the same users, the same days, none of which either was trained on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ops_gpu.evaluation.evaluate import better_by, measure
from ops_gpu.evaluation.evaluation_protocol import EvaluationProtocol
from ops_gpu.features.feature_table import FIRST_CODE
from ops_gpu.features.training_data import TrainingData
from ops_gpu.models.contract import Ranker, Retrievers
from ops_gpu.recommender.candidate_sources import sources_at
from ops_gpu.recommender.fit_config import FitConfig
from ops_gpu.recommender.ranking_examples import choices_after
from ops_gpu.recommender.two_stage import recommend
from ops_gpu.workflow.workflow import Workflow

Codes = npt.NDArray[np.int32]


@dataclass(frozen=True)
class Contender:
    """The models of one release or challenger, with the data as its own workflow encodes it.

    Args:
        data: all interactions, and features, encoded by `workflow`.
        workflow: fitted.
        retrievers: retrieval models by name.
        ranking: ranker.
        config: the settings that the models were fitted with.
    """

    data: TrainingData
    workflow: Workflow
    retrievers: Retrievers
    ranking: Ranker
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


def compare(challenger: Contender, champion: Contender, protocol: EvaluationProtocol) -> Comparison | None:
    """Lists of both as of `protocol.start`, against what the users chose up to `protocol.end`.

    Both see the item state and the histories as of that moment; what differs is vocabularies, models and settings.

    Args:
        challenger: says who is compared, and what they chose.
        champion: trained on nothing at or after `protocol.start`, as the challenger.
        protocol: the days.

    Returns:
        The comparison over users that both know; None when there are none.

    Example:
        >>> found = compare(challenger, champion, EvaluationProtocol(cut, end, repeats=False))
        >>> found is not None and found.users > 0
        True
    """
    users, chosen = choices_after(challenger.data.events, protocol.start, protocol.end, protocol.repeats)
    theirs = champion.workflow.encode("user_id", challenger.workflow.decode("user_id", users))
    known = (users >= FIRST_CODE) & (theirs >= FIRST_CODE)
    if not known.any():
        return None
    chosen = chosen.take(np.flatnonzero(known))
    mine = measure(_lists(challenger, users[known], protocol), chosen)[protocol.k]
    lists = _lists(champion, theirs[known].astype(np.int64), protocol)
    lists = _translated(lists, champion, challenger)
    other = measure(lists, chosen)[protocol.k]
    difference, spread = better_by(mine, other)
    return Comparison(int(known.sum()), float(mine.ndcg.mean()), float(other.ndcg.mean()), difference, spread)


def _translated(codes: Codes, source: Contender, target: Contender) -> Codes:
    """Item codes of one workflow in those of another, 0 for padding and for items that the other does not know."""
    result = target.workflow.encode("item_id", source.workflow.decode("item_id", codes))
    # padding decodes to an id that a shop might really have
    return np.where((codes >= FIRST_CODE) & (result >= FIRST_CODE), result, np.int32(0))


def _lists(side: Contender, users: npt.NDArray[np.int64], protocol: EvaluationProtocol) -> Codes:
    sources = sources_at(side.data, side.retrievers, protocol.start, side.config.candidates)
    return recommend(side.data, sources, side.ranking, users, protocol.k).final
