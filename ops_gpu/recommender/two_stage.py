"""The two models of a recommender as of a moment, fitted so that the ranker never sees what retrieval learned from.

Retrieval is fitted up to the first moment of the ranker's lists, the lists are made with it, the ranker is fitted,
and retrieval is then continued up to the end: were the lists made by models that had already seen the labels, the
ranker would learn to trust them more than it may.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from ops_gpu.candidates.candidates import Candidates, top_of_rows
from ops_gpu.features.days.moment_features import MomentFeatures
from ops_gpu.features.ranking_features import feature_names
from ops_gpu.features.training_data import TrainingData
from ops_gpu.interactions.events import DAY
from ops_gpu.interactions.histories import Histories
from ops_gpu.models.contract import Ranker, Retriever, Retrievers
from ops_gpu.models.memory_check import require_memory
from ops_gpu.models.registry import ranker_class, ranker_name, retriever_class
from ops_gpu.models.training.progress import Progress
from ops_gpu.models.training.ranking_rows import RankingRows
from ops_gpu.primitives.ragged import Ragged
from ops_gpu.primitives.tie_order import tie_order
from ops_gpu.recommender.candidate_sources import CandidateSources
from ops_gpu.recommender.fit_config import FitConfig
from ops_gpu.recommender.ranking_examples import horizon_end, moments_before, rows_at


@dataclass(frozen=True)
class RetrievalFit:
    """Retrieval fitted in two steps.

    Args:
        early: models trained up to `early_end`; training lists of the ranker are made with them.
        models: continued up to the end of the training range.
        early_end: epoch seconds.
        end: epoch seconds, exclusive end of what `models` were trained on.
    """

    early: Retrievers
    models: Retrievers
    early_end: int
    end: int


def fit_retrieval_until(
    data: TrainingData,
    config: FitConfig,
    end: int,
    progress: Progress | None = None,
    kept: RetrievalFit | None = None,
) -> RetrievalFit:
    """Fits the retrieval models on the events before `end`, in two steps.

    A fit of before goes on with the events since its end, at the cost of those, as its own second step went on with
    those after its first.

    Args:
        data: events and features; nothing at or after `end` is read.
        config: settings; the moments of the ranker's lists decide where the first step ends.
        end: epoch seconds, exclusive.
        progress: told one line an epoch.
        kept: a fit of the same settings on the same events, up to `end` or less; None starts afresh.

    Raises:
        ValueError: when no positive event lies in the first step, or `kept` has learned from what comes after `end`.
    """
    if kept is not None:
        if kept.end > end:
            raise ValueError(f"the kept models have learned up to {kept.end}, expected {end} at most; fit them anew.")
        early, models = _grown(kept.early, data), _grown(kept.models, data)
        if kept.end < end:
            models = _fitted(data, config, end, progress, kept.end, models)
        return RetrievalFit(early, models, kept.early_end, end)
    early_end = moments_before(end, first_day(data), config.ranking)[0]
    early = _fitted(data, config, early_end, progress)
    models = _fitted(data, config, end, progress, early_end, early)
    return RetrievalFit(early, models, early_end, end)


def _grown(models: Retrievers, data: TrainingData) -> dict[str, Retriever]:
    """The same models, with the codes that new days have brought."""
    return {name: model.grown(data) for name, model in models.items()}


def _fitted(
    data: TrainingData,
    config: FitConfig,
    end: int,
    progress: Progress | None,
    start: int | None = None,
    previous: Retrievers | None = None,
) -> dict[str, Retriever]:
    """Every retrieval model, fitted up to `end`; where several are, a line of progress says of which it is."""
    fitted: dict[str, Retriever] = {}
    for name, settings in config.retrieval.items():
        tell = progress
        if progress is not None and len(config.retrieval) > 1:
            tell = partial(_tell, progress, name)
        model, before = retriever_class(name), None if previous is None else previous[name]
        require_memory(name, model.cost(data, settings))
        fitted[name] = model.fit(data, settings, end, start=start, previous=before, progress=tell)
    return fitted


def _tell(progress: Progress, name: str, line: str) -> None:
    progress(f"{name}, {line}")


def fit_ranker(
    data: TrainingData,
    rows: RankingRows,
    config: FitConfig,
    previous: Ranker | None = None,
    progress: Progress | None = None,
) -> Ranker:
    """Fits the ranker that the settings name.

    Args:
        data: features of users and items.
        rows: training lists.
        config: settings.
        previous: a ranker to go on from; None starts afresh.
        progress: told one line a step.

    Raises:
        ValueError: when no list holds a positive, or what fitting takes does not fit into memory.
    """
    family = ranker_class(config.ranking)
    require_memory(ranker_name(config.ranking), family.cost(data, rows, config.ranking))
    return family.fit(data, rows, config.ranking, previous, progress)


def first_day(data: TrainingData) -> int:
    """Midnight before the first event (UTC), in epoch seconds."""
    return int(data.events.time[0]) // DAY * DAY


def make_ranking_rows(
    data: TrainingData,
    early: Retrievers,
    config: FitConfig,
    end: int,
    since: int | None = None,
    taught: MomentFeatures | None = None,
) -> RankingRows:
    """The ranker's training lists at all moments before `end`, by what was chosen before `end`.

    Args:
        data: events and features; nothing at or after `end` is read.
        early: retrieval models that learned from nothing after the first of the moments.
        config: settings.
        end: epoch seconds, exclusive.
        since: epoch seconds of the first moment wanted, which a longer log may not begin with; None for all.
        taught: what labels, counts and groups had taught of users and items by a moment; None where they teach nothing.
    """
    first, ranking = first_day(data), config.ranking
    moments = [m for m in moments_before(end, first, ranking) if since is None or m >= since]
    known = [(m, *((data, ()) if taught is None else taught.at(m, data))) for m in moments]
    return RankingRows.concatenate(
        [
            rows_at(then, early, m, horizon_end(m, end, first, ranking), config.candidates, ranking, names)
            for m, then, names in known
        ]
    )


def continue_retrieval(
    data: TrainingData,
    models: Retrievers,
    config: FitConfig,
    start: int,
    end: int,
    progress: Progress | None = None,
) -> Retrievers:
    """Goes on with retrieval models over the days `[start, end)`, on which they were evaluated, at the cost of those.

    The ranker goes on after them (`fit_ranker`), with the lists of all moments up to `end`, the new days among them: on
    the lists of the newest moment alone it forgets more than it learns (on Online Retail NDCG@20 fell from .314 to
    .308, on MovieTweetings from .161 to .153).

    Args:
        data: events and features.
        models: fitted up to `start`, by name.
        config: settings that they were fitted with.
        start: epoch seconds.
        end: epoch seconds, exclusive.
        progress: told one line an epoch.
    """
    return _fitted(data, config, end, progress, start, _grown(models, data))


@dataclass(frozen=True)
class Lists:
    """Recommended lists of a batch of users.

    Args:
        final: item codes by falling score, int32 `[users, k]`, 0 where fewer.
        retrieved: candidates in retrieval order (best rank in any source, then the first model), int32 `[users, k]`.
        scores: float32 `[users, k]`.
    """

    final: npt.NDArray[np.int32]
    retrieved: npt.NDArray[np.int32]
    scores: npt.NDArray[np.float32]


def recommend(
    data: TrainingData,
    sources: CandidateSources,
    ranking: Ranker,
    users: npt.NDArray[np.int64],
    k: int,
) -> Lists:
    """Lists of these users as of the sources' moment, without a server: the four stages, in the order of score.

    Args:
        data: events and features; events at or after the sources' moment are not looked at.
        sources: candidate sources, retrieval models among them.
        ranking: ranker.
        users: distinct user codes `[users]`.
        k: length of the lists.
    """
    past = data.events.before(sources.item_state.as_of)
    empty = np.zeros((0, k), np.int32)
    parts = [(empty, empty, np.zeros((0, k), np.float32))]
    for block, histories in Histories.in_blocks(past, users):
        found, features = sources.retrieve(data, users[block], histories)
        row, item = found.items.row_ids, found.items.values
        best = top_of_rows(found.items, ranking.score(data, users[block][row], item, features), k)
        first = top_of_rows(found.items, _retrieval_order(sources, found, features), k)
        scores = Ragged(best.score, best.items.offsets).to_dense(k, np.nan)
        parts.append((best.items.to_dense(k, 0), first.items.to_dense(k, 0), scores))
    return Lists(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _retrieval_order(
    sources: CandidateSources, found: Candidates, features: npt.NDArray[np.float32]
) -> npt.NDArray[np.float32]:
    """Scores that order candidates by their best position in any source, what the first retrieval model says breaking
    ties, and what is still equal as in `tie_order`.
    """
    learned = tuple(sources.learned)
    similarity = features[:, feature_names(len(sources.item_state.popularity), learned).index(learned[0])]
    order = np.lexsort((tie_order(found.items.values), -similarity, -found.rank.max(axis=1)))
    score = np.empty(len(order), np.float32)
    score[order] = -np.arange(len(order), dtype=np.float32)
    return score
