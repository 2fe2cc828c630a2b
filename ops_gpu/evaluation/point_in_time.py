"""Proof that training rows do not look ahead: poison the future and see whether the past changes."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from ops_gpu.evaluation.poison import poisoned
from ops_gpu.evaluation.rounding import equal_but_for_rounding
from ops_gpu.features.days.moment_features import MomentFeatures
from ops_gpu.features.training_data import TrainingData
from ops_gpu.interactions.events import DAY, Events
from ops_gpu.interactions.histories import Histories
from ops_gpu.models.contract import Retrievers
from ops_gpu.recommender.candidate_sources import sources_at
from ops_gpu.recommender.fit_config import FitConfig
from ops_gpu.recommender.ranking_examples import rows_at
from ops_gpu.workflow.workflow import Workflow

EVENTS = 1_000_000


@dataclass(frozen=True)
class PointInTimeReport:
    """What was compared, and which columns changed although only the future did.

    Args:
        moment: epoch seconds from which on events were poisoned.
        poisoned: number of events replaced.
        rows: training rows up to the moment that were compared.
        changed: names of columns that differ; empty when nothing looks ahead.
    """

    moment: int
    poisoned: int
    rows: int
    changed: tuple[str, ...]


def changed_features(workflow: Workflow, other: Workflow, users: pl.DataFrame, items: pl.DataFrame) -> list[str]:
    """Features of users or items that two fits of one workflow give differently, by more than rounding.

    Sums of numbers are taken in the order in which threads, or machines, come to an end: two fits of the same events
    differ in the last bits. Codes, counts and texts must be the same.

    Args:
        workflow: fitted on the truth.
        other: fitted in the same way where the future was another.
        users: raw features of users; those without a code of their own are passed over.
        items: raw features of items, likewise.

    Returns:
        Names of columns; none where neither fit knows the future.
    """
    changed: list[str] = []
    for key, frame in (("user_id", users), ("item_id", items)):
        known = frame.filter(pl.col(key).is_in(workflow.vocabulary(key).implode()))
        one, two = (w.for_inputs(frame.columns).transform(known) for w in (workflow, other))
        changed += differing(one, two, rounded=True)
    return changed


def check_point_in_time(
    data: TrainingData,
    early: Retrievers,
    config: FitConfig,
    moment: int,
    taught: tuple[MomentFeatures, MomentFeatures] | None = None,
) -> PointInTimeReport:
    """Makes training lists and candidates twice, with the real and with a poisoned future, and compares them.

    Of a log of many events those of some users are taken, all events of each: what looks ahead does so for any.

    Args:
        data: events and features.
        early: retrieval models that made the ranker's lists, the state as of the moment.
        config: settings of the recommender.
        moment: epoch seconds inside the log.
        taught: what labels, counts and groups taught of users and items, and what poison would have; None where they
            teach nothing.

    Returns:
        The report; `changed` must be empty.
    """
    data = data.with_events(_some_users(data.events), config.history_length)
    other = poisoned(data.events, moment)
    fake = data.with_events(other, config.history_length)
    known = (None, None) if taught is None else taught
    real_lists, fake_lists = (
        _list_rows(d, early, config, moment, moments) for d, moments in zip((data, fake), known, strict=True)
    )
    changed = differing(real_lists, fake_lists)
    changed += differing(*(_candidates_now(d, early, config, moment) for d in (data, fake)))
    poison = int((data.events.time >= moment).sum())
    return PointInTimeReport(moment, poison, real_lists.height, tuple(dict.fromkeys(changed)))


def _some_users(events: Events) -> Events:
    """The events of every so many-th user, so that there are about `EVENTS` at most."""
    step = -(-len(events) // EVENTS)
    return events if step <= 1 else events.where(events.user % step == 0)


def differing(one: pl.DataFrame, other: pl.DataFrame, *, rounded: bool = False) -> list[str]:
    """Where two frames of the same columns differ; nulls equal nulls, and NaN NaN.

    Args:
        one: a frame.
        other: another.
        rounded: whether numbers with a fraction may differ by rounding (`equal_but_for_rounding`).

    Returns:
        Names of columns, or `rows` alone when the heights differ.
    """
    if one.height != other.height:
        return ["rows"]
    equal = equal_but_for_rounding if rounded else pl.Series.equals
    return [name for name in one.columns if not equal(one[name], other[name])]


def _list_rows(
    data: TrainingData, early: Retrievers, config: FitConfig, moment: int, moments: MomentFeatures | None
) -> pl.DataFrame:
    """The ranker's lists of the last horizon that ends by the moment."""
    start, taught = moment - int(config.ranking.horizon_days * DAY), list[str]()
    if moments is not None:
        data, taught = moments.at(start, data)
    ranking = replace(config.ranking, lists=min(config.ranking.lists, 200))
    rows = rows_at(data, early, start, moment, config.candidates, ranking, taught)
    columns = {"list_user": rows.user, "list_item": rows.item, "list_label": rows.label}
    matrix = {f"list_feature_{n}": rows.features[:, n] for n in range(rows.features.shape[1])}
    return pl.DataFrame({**columns, **matrix, **{f"list_{name}": values for name, values in rows.taught.items()}})


def _candidates_now(data: TrainingData, early: Retrievers, config: FitConfig, moment: int) -> pl.DataFrame:
    """Candidates and features as of the moment itself, for some users who were there before it."""
    users = np.unique(data.events.before(moment).user)[:200].astype(np.int64)
    sources = sources_at(data, early, moment, config.candidates)
    histories = Histories.from_events(data.events.before(moment), users)
    found, features = sources.retrieve(data, users, histories)
    columns = {"candidate_item": found.items.values, "candidate_source": found.source}
    return pl.DataFrame({**columns, **{f"candidate_feature_{n}": features[:, n] for n in range(features.shape[1])}})
