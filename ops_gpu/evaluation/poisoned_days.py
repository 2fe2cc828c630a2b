"""PoisonedDays: the days of a log with another future, to see who looks at it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import polars as pl

from ops_gpu.evaluation.poison import poisoned_interactions
from ops_gpu.features.days.moment_features import MomentFeatures
from ops_gpu.interactions.days.item_counts import ItemCounts
from ops_gpu.interactions.days.past_days import PastDays, read_day
from ops_gpu.interactions.utc_days import day_end
from ops_gpu.workflow.statistics import Statistics


@dataclass(frozen=True)
class PoisonedDays:
    """What is known of days, where events from a moment on are others.

    Args:
        past: all days; those with poison lie apart from the true ones.
        files: their events, by day.
        poisoned: how many events were replaced.
    """

    past: PastDays
    files: Mapping[date, Path]
    poisoned: int

    @classmethod
    def of(cls, past: PastDays, moment: int, folder: Path) -> PoisonedDays:
        """Replaces what follows a moment.

        Args:
            past: the truth.
            moment: epoch seconds.
            folder: where the events and counts of the later days go.
        """
        events, counts, files, poisoned = dict(past.events), dict(past.counts), dict[date, Path](), 0
        folder.mkdir(parents=True, exist_ok=True)
        for day in [day for day in past.events if day_end(day) > moment]:
            frame = read_day(past.events[day])
            poisoned += int((frame["timestamp"].dt.epoch("s") >= moment).sum())
            other = poisoned_interactions(frame, moment, seed=day.toordinal())
            files[day] = events[day] = folder / f"{day}.parquet"
            counts[day] = folder / f"{day}.counts.parquet"
            other.write_parquet(events[day])
            ItemCounts.count(other, day_end(day), past.config).save(counts[day])
        return cls(replace(past, events=events, counts=counts), files, poisoned)

    def moments(self, honest: MomentFeatures, count: Callable[[pl.DataFrame], Statistics]) -> MomentFeatures:
        """What labels, counts and groups would have taught.

        Args:
            honest: what they have taught.
            count: gives the statistics of some events.
        """
        true, others = honest.past, set(self.files.values())

        def load(path: Path) -> Statistics:
            return count(read_day(path)) if path in others else true.load(path)

        return replace(honest, past=replace(true, days={**true.days, **self.files}, load=load))
