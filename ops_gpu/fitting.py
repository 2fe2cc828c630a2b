"""The two models of a recommender as of a moment, fitted so that the ranker never sees what retrieval learned from.

Retrieval is fitted up to the first moment of the ranker's lists, the lists are made with it, the ranker is fitted,
and retrieval is then continued up to the end: were the lists made by towers that had already seen the labels, the
ranker would learn to trust them more than it may.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from ops_gpu.candidates.candidates import top_of_rows
from ops_gpu.candidates.sources import CandidateSources
from ops_gpu.events import DAY
from ops_gpu.history import Histories
from ops_gpu.ragged import Ragged
from ops_gpu.ranking import RankingModel, fit_ranking
from ops_gpu.ranking_config import CandidateConfig, RankingConfig
from ops_gpu.ranking_rows import RankingRows, blocks, moments_before, rows_at
from ops_gpu.retrieval import RetrievalModel, fit_retrieval
from ops_gpu.retrieval_config import RetrievalConfig
from ops_gpu.training_data import TrainingData

Progress = Callable[[str], None]


@dataclass(frozen=True)
class FitConfig:
    """All settings of the models of one recommender."""

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
    """Fits the towers on the events before `end` (epoch seconds), in two steps."""
    first = int(data.events.time[0])
    early_end = moments_before(end, first, config.ranking)[0]
    early = fit_retrieval(data, config.retrieval, early_end, progress=progress)
    model = fit_retrieval(data, config.retrieval, end, start=early_end, previous=early, progress=progress)
    return RetrievalFit(early, model, early_end, end)


def make_ranking_rows(data: TrainingData, early: RetrievalModel, config: FitConfig, end: int) -> RankingRows:
    """The ranker's training lists at all moments whose horizons end by `end`."""
    first = int(data.events.time[0])
    horizon = int(config.ranking.horizon_days * DAY)
    moments = moments_before(end, first, config.ranking)
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
    fell from .314 to .308, on MovieTweetings from .161 to .153).
    """
    later = fit_retrieval(data, config.retrieval, end, start=fitted.end, previous=fitted.model, progress=progress)
    rows = make_ranking_rows(data, fitted.early, config, end)
    return later, fit_ranking(data, rows, config.ranking, config.half_lives, ranking, progress)


@dataclass(frozen=True)
class Lists:
    """Recommended lists of a batch of users.

    Args:
        final: item codes by falling score, int32 `[users, k]`, 0 where fewer.
        retrieved: the union of candidates in retrieval order (best rank in any source first), int32 `[users, k]`.
        scores: float32 `[users, k]`.
    """

    final: np.ndarray[tuple[int, int], np.dtype[np.int32]]
    retrieved: np.ndarray[tuple[int, int], np.dtype[np.int32]]
    scores: np.ndarray[tuple[int, int], np.dtype[np.float32]]


def recommend(
    data: TrainingData,
    sources: CandidateSources,
    retrieval: RetrievalModel,
    ranking: RankingModel,
    users: np.ndarray[tuple[int], np.dtype[np.int64]],
    k: int,
) -> Lists:
    """Lists of these users (codes) as of the sources' moment: all four stages, without a server."""
    past = data.events.before(sources.snapshot.as_of)
    parts = []
    for block in blocks(len(users)):
        histories = Histories.from_events(past, users[block])
        found, features = sources.retrieve(histories, retrieval.embed_users(data, users[block], histories))
        row, item = found.items.row_ids, found.items.values
        score = ranking.score(data, users[block][row], item, features)
        # best position in any source, the towers' similarity breaking ties
        order = found.rank.max(axis=1)
        best = top_of_rows(row, item, score, len(histories), k)
        first = top_of_rows(row, item, order.astype(np.float32), len(histories), k)
        scores = Ragged(best.score, best.items.offsets).to_dense(k, np.nan)
        parts.append((best.items.to_dense(k, 0), first.items.to_dense(k, 0), scores))
    if not parts:
        empty = np.zeros((0, k), np.int32)
        return Lists(empty, empty, np.zeros((0, k), np.float32))
    return Lists(*(np.concatenate(column) for column in zip(*parts, strict=True)))
