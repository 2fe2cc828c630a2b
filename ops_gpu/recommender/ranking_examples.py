"""Training lists of the ranker: what each user would have been offered at a past moment, and what they chose."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ops_gpu.candidates.candidate_config import CandidateConfig
from ops_gpu.candidates.candidates import Candidates
from ops_gpu.features.ranking_features import feature_names
from ops_gpu.features.training_data import TrainingData
from ops_gpu.interactions.co_occurrence import Neighbours
from ops_gpu.interactions.events import DAY, Events
from ops_gpu.interactions.histories import Histories
from ops_gpu.interactions.item_state import Similar
from ops_gpu.models.contract import Retrievers
from ops_gpu.models.model_config import RankerConfig
from ops_gpu.models.training.ranking_rows import RankingRows
from ops_gpu.primitives.kernel import Bools, Int32s, Int64s, kernel
from ops_gpu.primitives.ragged import Ragged
from ops_gpu.recommender.candidate_sources import sources_at


def choices_after(events: Events, start: int, end: int, repeats: bool) -> tuple[npt.NDArray[np.int64], Ragged]:
    """Users with a history before `start` and what they chose in `[start, end)`.

    Args:
        events: all interactions.
        start: epoch seconds.
        end: epoch seconds, exclusive.
        repeats: whether an item that the user had seen before `start` counts as a choice.

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
        key = key[~_seen(past, key)]
    users, lengths = np.unique(key // events.items, return_counts=True)
    return users, Ragged.from_lengths((key % events.items).astype(np.int32), lengths)


def _seen(past: Events, pairs: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Which pairs of user and item the past holds.

    Args:
        past: what was.
        pairs: user code times number of items plus item code, rising; few beside the events of the past.
    """
    found = np.zeros(len(pairs), np.bool_)
    begins = np.searchsorted(pairs, np.arange(past.users + 1, dtype=np.int64) * past.items)
    _mark_seen(past.user, past.item, begins, (pairs % past.items).astype(np.int32), found)
    return found


@kernel(writes=1)
def _mark_seen(user: Int32s, item: Int32s, begins: Int64s, wanted: Int32s, found: Bools) -> None:
    """Marks the items that a user had to do with, in one pass over what was.

    Args:
        user: codes `[events]`.
        item: codes `[events]`.
        begins: where the wanted items of each user begin, `[users + 1]`.
        wanted: item codes.
        found: bool, one a wanted item.
    """
    for event in range(len(user)):
        for place in range(begins[user[event]], begins[user[event] + 1]):
            if wanted[place] == item[event]:
                found[place] = True


def moments_before(end: int, first: int, config: RankerConfig) -> list[int]:
    """Past moments at which training lists are made, rising, in epoch seconds.

    They stand on a grid of steps from 1970 on, whatever the end, so that lists that were made once are those of later
    days too. The newest has half of its horizon behind it, so that what was chosen last is learned from: of a demo that
    waited for whole ones NDCG@20 fell from .220 to .217. At least half of the log lies before the earliest, so that
    there is a state to make lists from.

    Args:
        end: epoch seconds; no choice counts from here on.
        first: epoch seconds of the first event.
        config: number, step and horizon.

    Returns:
        At most `config.moments`, fewer where the log is short, at least one: beside the grid where none of it fits.
    """
    step, horizon = int(config.step_days * DAY), _horizon(end, first, config)
    newest = (end - horizon // 2) // step * step
    wanted = [newest - number * step for number in range(config.moments)]
    return sorted(m for m in wanted if m >= first + (end - first) // 2) or [end - horizon]


def horizon_end(moment: int, end: int, first: int, config: RankerConfig) -> int:
    """Up to when a choice counts for lists as of a moment, in epoch seconds: the horizon, as far as the log goes.

    Args:
        moment: one of `moments_before`.
        end: epoch seconds, of the log.
        first: epoch seconds of the first event.
        config: the horizon.
    """
    return min(moment + _horizon(end, first, config), end)


def _horizon(end: int, first: int, config: RankerConfig) -> int:
    """In seconds: a quarter of the log, where that is less than is set."""
    return min(int(config.horizon_days * DAY), max(1, (end - first) // 4))


def rows_at(
    data: TrainingData,
    retrievers: Retrievers,
    moment: int,
    end: int,
    candidates: CandidateConfig,
    config: RankerConfig,
    taught: Sequence[str] = (),
    similar: Similar = Neighbours.fit,
) -> RankingRows:
    """The training lists as of one moment, labelled by the choices in `[moment, end)`.

    Args:
        data: events and features; what is offered and every feature comes from before `moment`.
        retrievers: models that were trained on nothing after `moment`.
        moment: epoch seconds.
        end: epoch seconds, end of the horizon.
        candidates: sources.
        config: sampling.
        taught: columns of users and items whose values, as `data` has them, are those of the moment.
        similar: finds neighbours of items, or has them.
    """
    random = np.random.default_rng((config.seed, moment))
    names = feature_names(len(candidates.snapshot.half_lives_days), tuple(retrievers))
    none = RankingRows.empty(names)
    users, chosen = choices_after(data.events, moment, end, candidates.repeats)
    if len(users) == 0:
        return none.with_taught(data.users, data.items, taught)
    if len(users) > config.lists:
        drawn = np.sort(random.choice(len(users), config.lists, replace=False))
        users, chosen = users[drawn], chosen.take(drawn)
    sources = sources_at(data, retrievers, moment, candidates, similar=similar)
    parts = [none]
    for block, histories in Histories.in_blocks(data.events.before(moment), users):
        candidates_found, features = sources.retrieve(data, users[block], histories)
        mine = chosen.take(np.arange(block.start, block.stop))
        parts.append(_labelled(users[block], candidates_found, features, mine, moment, config, random, names))
    return RankingRows.concatenate(parts).with_taught(data.users, data.items, taught)


def _labelled(
    users: npt.NDArray[np.int64],
    found: Candidates,
    features: npt.NDArray[np.float32],
    chosen: Ragged,
    moment: int,
    config: RankerConfig,
    random: np.random.Generator,
    names: tuple[str, ...],
) -> RankingRows:
    """Lists of the users (codes, a row of `found` and `chosen` each) who chose at least one of their candidates."""
    row, item = found.items.row_ids, found.items.values
    base = 1 + max(int(item.max(initial=0)), int(chosen.values.max(initial=0)))
    label = np.isin(row * base + item, chosen.row_ids * base + chosen.values)
    kept = _sample(found.items, label, config.list_size, random)
    lengths = np.bincount(row[kept], minlength=len(users))
    lists = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths[lengths > 0])])
    moments = np.full(len(lists) - 1, moment, np.int64)
    user = users[row[kept]].astype(np.int32)
    return RankingRows(user, item[kept], features[kept], label[kept], lists, moments, names)


def _sample(
    lists: Ragged, label: npt.NDArray[np.bool_], size: int, random: np.random.Generator
) -> npt.NDArray[np.int64]:
    """Positions of up to `size` candidates of every list that has a positive: positives first, then by lot."""
    row = lists.row_ids
    useful = np.bincount(row, weights=label, minlength=len(lists)) > 0
    order = np.lexsort((np.where(label, -1.0, random.random(len(label))), row))
    place = np.arange(len(label)) - lists.offsets[row]
    return order[(place < size) & useful[row]]
