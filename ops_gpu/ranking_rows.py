"""Training lists of the ranker: what each user would have been offered at a past moment, and what they chose."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ops_gpu.candidates.sources import CandidateSources
from ops_gpu.events import DAY, Events
from ops_gpu.history import Histories
from ops_gpu.index import ItemIndex
from ops_gpu.ragged import Ragged
from ops_gpu.ranking_config import CandidateConfig, RankingConfig
from ops_gpu.retrieval import RetrievalModel
from ops_gpu.snapshot import Snapshot
from ops_gpu.training_data import TrainingData

USERS_AT_ONCE = 512  # bounds the memory of candidate generation


@dataclass(frozen=True)
class RankingRows:
    """Lists of candidates with labels.

    Args:
        user: int32 `[rows]`, user code of each row.
        item: int32 `[rows]`, candidate.
        features: float32 `[rows, features]`, as of the list's moment.
        label: bool `[rows]`, whether the user chose it within the horizon.
        lists: int64 `[lists + 1]`, where each list begins.
        moment: int64 `[lists]`, epoch seconds.
    """

    user: npt.NDArray[np.int32]
    item: npt.NDArray[np.int32]
    features: npt.NDArray[np.float32]
    label: npt.NDArray[np.bool_]
    lists: npt.NDArray[np.int64]
    moment: npt.NDArray[np.int64]

    @classmethod
    def concatenate(cls, parts: list[RankingRows]) -> RankingRows:
        """All lists of several moments."""
        offsets = np.cumsum([0, *(len(p.item) for p in parts)])
        lists = [p.lists[:-1] + offset for p, offset in zip(parts, offsets, strict=False)]
        return cls(
            np.concatenate([p.user for p in parts]),
            np.concatenate([p.item for p in parts]),
            np.concatenate([p.features for p in parts]),
            np.concatenate([p.label for p in parts]),
            np.concatenate([*lists, offsets[-1:]]),
            np.concatenate([p.moment for p in parts]),
        )


def choices_after(
    events: Events, start: int, end: int, repeats: bool
) -> tuple[npt.NDArray[np.int64], Ragged]:
    """Users with a history before `start` and what they chose in `[start, end)`.

    Returns:
        User codes, rising, and the distinct positive items of each; items seen before `start` are left out unless
        `repeats`. Users without any are left out.
    """
    past, future = events.before(start), events.between(start, end)
    known = np.zeros(events.users, np.bool_)
    known[past.user] = True
    chosen = future.positive & known[future.user]
    key = np.unique(future.user[chosen].astype(np.int64) * events.items + future.item[chosen])
    if not repeats:
        key = np.setdiff1d(key, past.user.astype(np.int64) * events.items + past.item)
    users, lengths = np.unique(key // events.items, return_counts=True)
    return users, Ragged.from_lengths((key % events.items).astype(np.int32), lengths)


def moments_before(end: int, first: int, config: RankingConfig) -> list[int]:
    """Moments (epoch seconds, rising) whose horizons end by `end`; fewer where the log (from `first`) is short.

    At least half of the log lies before the earliest one, so that there is a state to make lists from.
    """
    horizon, step = int(config.horizon_days * DAY), int(config.step_days * DAY)
    horizon = min(horizon, max(1, (end - first) // 4))
    wanted = [end - horizon - number * step for number in range(config.moments)]
    return sorted(m for m in wanted if m >= first + (end - first) // 2) or [end - horizon]


def rows_at(
    data: TrainingData,
    retrieval: RetrievalModel,
    moment: int,
    end: int,
    candidates: CandidateConfig,
    config: RankingConfig,
) -> RankingRows:
    """The training lists as of one moment, labelled by the choices in `[moment, end)`.

    Args:
        data: events and features; what is offered and every feature comes from before `moment`.
        retrieval: towers that were trained on nothing after `moment`.
        moment: epoch seconds.
        end: epoch seconds, end of the horizon.
        candidates: sources.
        config: sampling.
    """
    random = np.random.default_rng((config.seed, moment))
    users, chosen = choices_after(data.events, moment, end, candidates.repeats)
    if len(users) > config.lists:
        kept = np.sort(random.choice(len(users), config.lists, replace=False))
        users, chosen = users[kept], chosen.take(kept)
    sources = sources_at(data, retrieval, moment, candidates)
    parts = [
        _labelled(data, sources, retrieval, users[block], chosen.take(np.arange(len(users))[block]), config, random)
        for block in blocks(len(users))
    ]
    if not parts:
        empty = np.empty((0, 0), np.float32)
        parts = [(np.empty(0, np.int32), np.empty(0, np.int32), empty, np.empty(0, np.bool_), np.empty(0, np.int64))]
    user, item, features, label, lengths = (np.concatenate(column) for column in zip(*parts, strict=True))
    lists = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
    return RankingRows(user, item, features, label, lists, np.full(len(lengths), moment))


def sources_at(
    data: TrainingData, retrieval: RetrievalModel, as_of: int, candidates: CandidateConfig, live: bool = False
) -> CandidateSources:
    """Candidate sources from the events before `as_of`; `live` offers cold items of the catalogue too."""
    offered = data.offered(None if live else as_of)
    embeddings = retrieval.embed_items(data)
    snapshot = Snapshot.build(data.events, as_of, offered, candidates.snapshot)
    return CandidateSources(snapshot, embeddings, ItemIndex.build(embeddings, offered), candidates)


def blocks(rows: int) -> Iterator[slice]:
    """Slices over so many rows, `USERS_AT_ONCE` at a time."""
    return (slice(start, min(start + USERS_AT_ONCE, rows)) for start in range(0, rows, USERS_AT_ONCE))


def _labelled(
    data: TrainingData,
    sources: CandidateSources,
    retrieval: RetrievalModel,
    users: npt.NDArray[np.int64],
    chosen: Ragged,
    config: RankingConfig,
    random: np.random.Generator,
) -> tuple[
    npt.NDArray[np.int32],
    npt.NDArray[np.int32],
    npt.NDArray[np.float32],
    npt.NDArray[np.bool_],
    npt.NDArray[np.int64],
]:
    histories = Histories.from_events(data.events.before(sources.snapshot.as_of), users)
    found, features = sources.retrieve(histories, retrieval.embed_users(data, users, histories))
    row, item = found.items.row_ids, found.items.values
    wanted = chosen.row_ids * data.events.items + chosen.values
    label = np.isin(row * data.events.items + item, wanted)
    kept = _sample(found.items, label, config.list_size, random)
    lengths = np.bincount(row[kept], minlength=len(users))
    lengths = lengths[lengths > 0]
    return users[row[kept]].astype(np.int32), item[kept], features[kept], label[kept], lengths


def _sample(
    lists: Ragged, label: npt.NDArray[np.bool_], size: int, random: np.random.Generator
) -> npt.NDArray[np.int64]:
    """Positions of up to `size` candidates of every list that has a positive: positives first, then by lot."""
    row = lists.row_ids
    useful = np.bincount(row, weights=label, minlength=len(lists)) > 0
    order = np.lexsort((np.where(label, -1.0, random.random(len(label))), row))
    place = np.arange(len(label)) - lists.offsets[row]
    return order[(place < size) & useful[row]]
