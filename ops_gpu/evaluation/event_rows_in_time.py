"""Proof that the feature rows of days do not look ahead."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path

import polars as pl

from ops_gpu.evaluation.point_in_time import PointInTimeReport, differing
from ops_gpu.evaluation.poison import poisoned_interactions
from ops_gpu.features.event_features import EventFeatures
from ops_gpu.interactions.days.item_counts import ItemCounts
from ops_gpu.interactions.days.past_days import PastDays, read_day
from ops_gpu.interactions.utc_days import day_end, day_start


def check_event_features(features: EventFeatures, moment: int, folder: Path, days: int = 2) -> PointInTimeReport:
    """Makes rows of events twice, with the real and with a poisoned future, and compares those up to a moment.

    Args:
        features: makes the rows.
        moment: epoch seconds inside the log; poisoned is what follows the middle of the last day that has events before
            it, so that it shows what a row knows of its own day, and rows before that are compared.
        folder: where to write the poisoned days.
        days: how many days to compare, of those that have rows before the moment.

    Returns:
        The report; `changed` must be empty.
    """
    past = features.past
    moment = _middle(past, moment)
    later = {day: read_day(path) for day, path in past.events.items() if day_end(day) > moment}
    poison = sum(int((frame["timestamp"].dt.epoch("s") >= moment).sum()) for frame in later.values())
    fake = replace(features, past=_poisoned_days(past, later, moment, folder))
    wanted = [day for day in sorted(past.events) if day_start(day) < moment][-days:]
    early = pl.col("timestamp").dt.epoch("s") < moment
    changed, rows = [], 0
    for day in wanted:  # each by itself: of days that are made together only the first one looks back
        [(_, real)], [(_, again)] = features.of([day]), fake.of([day])
        changed += differing(real.filter(early), again.filter(early))
        rows += real.filter(early).height
    return PointInTimeReport(moment, poison, rows, tuple(dict.fromkeys(changed)))


def _middle(past: PastDays, moment: int) -> int:
    """When the middle event happened of the last day that begins before a moment and has events."""
    for day in sorted(past.events, reverse=True):
        times = read_day(past.events[day])["timestamp"].dt.epoch("s") if day_start(day) < moment else pl.Series()
        if len(times):
            return int(times.sort()[len(times) // 2])
    return moment


def _poisoned_days(past: PastDays, later: Mapping[date, pl.DataFrame], moment: int, folder: Path) -> PastDays:
    """The same past with another future: events and counts of the later days lie in the folder."""
    events, counts = dict(past.events), dict(past.counts)
    folder.mkdir(parents=True, exist_ok=True)
    for day, frame in later.items():
        other = poisoned_interactions(frame, moment, seed=day.toordinal())
        events[day], counts[day] = folder / f"{day}.parquet", folder / f"{day}.counts.parquet"
        other.write_parquet(events[day])
        ItemCounts.count(other, day_end(day), past.config).save(counts[day])
    return replace(past, events=events, counts=counts)
