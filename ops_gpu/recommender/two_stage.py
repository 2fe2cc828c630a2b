"""The two models of a recommender as of a moment, fitted so that the ranker never sees what retrieval learned from.

Retrieval is fitted up to the first moment of the ranker's lists, the lists are made with it, the ranker is fitted,
and retrieval is then continued up to the end: were the lists made by towers that had already seen the labels, the
ranker would learn to trust them more than it may.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from ops_gpu.candidates.candidate_config import CandidateConfig
from ops_gpu.candidates.candidates import Candidates, top_of_rows
from ops_gpu.features.ranking_features import feature_names
from ops_gpu.features.training_data import TrainingData
from ops_gpu.interactions.events import DAY
from ops_gpu.interactions.histories import Histories
from ops_gpu.models.ranking.dlrm_config import RankingConfig
from ops_gpu.models.ranking.model import RankingModel, fit_ranking
from ops_gpu.models.retrieval.model import RetrievalModel, fit_retrieval
from ops_gpu.models.retrieval.two_tower_config import RetrievalConfig
from ops_gpu.models.training.progress import Progress
from ops_gpu.models.training.ranking_rows import RankingRows
from ops_gpu.primitives.ragged import Ragged
from ops_gpu.primitives.tie_order import tie_order
from ops_gpu.recommender.candidate_sources import CandidateSources
from ops_gpu.recommender.ranking_examples import blocks, moments_before, rows_at


@dataclass(frozen=True)
class FitConfig:
    """All settings of the models of one recommender.

    Args:
        retrieval: of the towers.
        candidates: of the sources.
        ranking: of the ranker and its training lists.
    """

    retrieval: RetrievalConfig = field(default_factory=RetrievalConfig)
    candidates: CandidateConfig = field(default_factory=CandidateConfig)
    ranking: RankingConfig = field(default_factory=RankingConfig)

    @property
    def half_lives(self) -> int:
        """Number of popularity decays among the ranking features."""
        return len(self.candidates.snapshot.half_lives_days)


@dataclass(frozen=True)
class RetrievalFit:
    """Retrieval fitted in two steps.

    Args:
        early: trained up to `early_end`; training lists of the ranker are made with it.
        model: continued up to the end of the training range.
        early_end: epoch seconds.
        end: epoch seconds, exclusive end of what `model` was trained on.
    """

    early: RetrievalModel
    model: RetrievalModel
    early_end: int
    end: int


def fit_retrieval_until(
    data: TrainingData, config: FitConfig, end: int, progress: Progress | None = None
) -> RetrievalFit:
    """Fits the towers on the events before `end`, in two steps.

    Args:
        data: events and features; nothing at or after `end` is read.
        config: settings; the moments of the ranker's lists decide where the first step ends.
        end: epoch seconds, exclusive.
        progress: told one line an epoch.

    Raises:
        ValueError: when no positive event lies in the first step.
    """
    first = int(data.events.time[0])
    early_end = moments_before(end, first, config.ranking)[0]
    early = fit_retrieval(data, config.retrieval, early_end, progress=progress)
    model = fit_retrieval(data, config.retrieval, end, start=early_end, previous=early, progress=progress)
    return RetrievalFit(early, model, early_end, end)


def make_ranking_rows(data: TrainingData, early: RetrievalModel, config: FitConfig, end: int) -> RankingRows:
    """The ranker's training lists at all moments whose horizons end by `end`.

    Args:
        data: events and features; nothing at or after `end` is read.
        early: towers that learned from nothing after the first of the moments.
        config: settings.
        end: epoch seconds, exclusive.
    """
    moments = moments_before(end, int(data.events.time[0]), config.ranking)
    return _rows_of(data, early, config, end, moments)


def _rows_of(data: TrainingData, early: RetrievalModel, config: FitConfig, end: int, moments: list[int]) -> RankingRows:
    horizon = int(config.ranking.horizon_days * DAY)
    return RankingRows.concatenate(
        [rows_at(data, early, m, min(m + horizon, end), config.candidates, config.ranking) for m in moments]
    )


def continue_models(
    data: TrainingData,
    fitted: RetrievalFit,
    ranking: RankingModel,
    config: FitConfig,
    end: int,
    progress: Progress | None = None,
) -> tuple[RetrievalModel, RankingModel]:
    """Goes on with both models over the days `[fitted.end, end)`, on which they were evaluated.

    Retrieval goes on with the new events alone. The ranker goes on with the lists of all moments up to `end`, the new
    days among them: on the lists of the newest moment alone it forgets more than it learns (on Online Retail NDCG@20
    fell from .314 to .308, on MovieTweetings from .161 to .153). Moments before `fitted.early_end` are left out, which
    a longer log may bring: the early towers have learned from what came after them.

    Args:
        data: events and features; nothing at or after `end` is read.
        fitted: towers, early ones among them.
        ranking: ranker, fitted up to `fitted.end`.
        config: settings that both were fitted with.
        end: epoch seconds, exclusive.
        progress: told one line an epoch.

    Returns:
        Towers and ranker.
    """
    early, model = fitted.early.grown(data), fitted.model.grown(data)  # the new days may have brought codes
    later = fit_retrieval(data, config.retrieval, end, start=fitted.end, previous=model, progress=progress)
    moments = moments_before(end, int(data.events.time[0]), config.ranking)
    rows = _rows_of(data, early, config, end, [m for m in moments if m >= fitted.early_end])
    return later, fit_ranking(data, rows, config.ranking, config.half_lives, ranking, progress)


@dataclass(frozen=True)
class Lists:
    """Recommended lists of a batch of users.

    Args:
        final: item codes by falling score, int32 `[users, k]`, 0 where fewer.
        retrieved: candidates in retrieval order (best rank in any source, then nearest), int32 `[users, k]`.
        scores: float32 `[users, k]`.
    """

    final: npt.NDArray[np.int32]
    retrieved: npt.NDArray[np.int32]
    scores: npt.NDArray[np.float32]


def recommend(
    data: TrainingData,
    sources: CandidateSources,
    retrieval: RetrievalModel,
    ranking: RankingModel,
    users: npt.NDArray[np.int64],
    k: int,
) -> Lists:
    """Lists of these users as of the sources' moment, without a server: the four stages, in the order of score.

    Args:
        data: events and features; events at or after the sources' moment are not looked at.
        sources: candidate sources.
        retrieval: towers.
        ranking: ranker.
        users: distinct user codes `[users]`.
        k: length of the lists.
    """
    everyone, rows = Histories.from_events(data.events.before(sources.snapshot.as_of), users), np.arange(len(users))
    empty = np.zeros((0, k), np.int32)
    parts = [(empty, empty, np.zeros((0, k), np.float32))]
    for block in blocks(len(users)):
        histories = everyone.take(rows[block])
        found, features = sources.retrieve(histories, retrieval.embed_users(data, users[block], histories))
        row, item = found.items.row_ids, found.items.values
        best = top_of_rows(found.items, ranking.score(data, users[block][row], item, features), k)
        first = top_of_rows(found.items, _retrieval_order(sources, found, features), k)
        scores = Ragged(best.score, best.items.offsets).to_dense(k, np.nan)
        parts.append((best.items.to_dense(k, 0), first.items.to_dense(k, 0), scores))
    return Lists(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _retrieval_order(
    sources: CandidateSources, found: Candidates, features: npt.NDArray[np.float32]
) -> npt.NDArray[np.float32]:
    """Scores that order candidates by their best position in any source, the towers' similarity breaking ties, and what
    is still equal as in `tie_order`.
    """
    names = feature_names(len(sources.snapshot.popularity))
    similarity = features[:, names.index("two_tower")]
    order = np.lexsort((tie_order(found.items.values), -similarity, -found.rank.max(axis=1)))
    score = np.empty(len(order), np.float32)
    score[order] = -np.arange(len(order), dtype=np.float32)
    return score
