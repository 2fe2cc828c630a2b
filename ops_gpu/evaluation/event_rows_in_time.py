"""Proof that the feature rows of days do not look ahead."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import polars as pl

from ops_gpu.evaluation.point_in_time import PointInTimeReport, differing
from ops_gpu.evaluation.poisoned_days import PoisonedDays
from ops_gpu.features.days.event_features import EventFeatures
from ops_gpu.interactions.days.past_days import PastDays, read_day
from ops_gpu.interactions.utc_days import day_start
from ops_gpu.workflow.statistics import Statistics


def check_event_features(
    features: EventFeatures,
    moment: int,
    folder: Path,
    days: int = 2,
    count: Callable[[pl.DataFrame], Statistics] | None = None,
) -> PointInTimeReport:
    """Makes rows of events twice, with the real and with a poisoned future, and compares those up to a moment.

    Args:
        features: makes the rows.
        moment: epoch seconds inside the log; poisoned is what follows the middle of the last day that has events before
            it, so that it shows what a row knows of its own day, and rows before that are compared.
        folder: where to write the poisoned days.
        days: how many days to compare, of those that have rows before the moment.
        count: gives the statistics of some events, as those of the days were made; needed where labels, counts or
            groups teach columns.

    Returns:
        The report; `changed` must be empty.
    """
    past = features.past
    moment = _middle(past, moment)
    poison = PoisonedDays.of(past, moment, folder)
    moments = None if features.moments is None or count is None else poison.moments(features.moments, count)
    fake = replace(features, past=poison.past, moments=moments)
    wanted = [day for day in sorted(past.events) if day_start(day) < moment][-days:]
    early = pl.col("timestamp").dt.epoch("s") < moment
    changed, rows = [], 0
    for day in wanted:  # each by itself: of days that are made together only the first one looks back
        [(_, real)], [(_, again)] = features.of([day]), fake.of([day])
        changed += differing(real.filter(early), again.filter(early))
        rows += real.filter(early).height
    return PointInTimeReport(moment, poison.poisoned, rows, tuple(dict.fromkeys(changed)))


def _middle(past: PastDays, moment: int) -> int:
    """When the middle event happened of the last day that begins before a moment and has events."""
    for day in sorted(past.events, reverse=True):
        times = read_day(past.events[day])["timestamp"].dt.epoch("s") if day_start(day) < moment else pl.Series()
        if len(times):
            return int(times.sort()[len(times) // 2])
    return moment
