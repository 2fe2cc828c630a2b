"""ItemDays: what each day teaches of items, on disk."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from ops_gpu.interactions.utc_days import day_end
from ops_gpu.primitives.atomic_file import atomic_file
from recsys_assets.blueprint.blueprint import Blueprint
from recsys_assets.tables.tables import event_files

if TYPE_CHECKING:
    from ops_gpu.interactions.days.item_counts import ItemCounts
    from ops_gpu.interactions.days.past_days import PastDays


@dataclass(frozen=True)
class ItemDays:
    """Counts of items by day, as the asset `item_state` writes them and all that looks back reads them.

    Args:
        blueprint: the recommender.
    """

    blueprint: Blueprint

    def past(self) -> PastDays:
        """The state before any day.

        Raises:
            FileNotFoundError: when there is no day.
            ValueError: when a day has no counts, or counts of other events or half-lives.
        """
        from ops_gpu.interactions.days.past_days import PastDays

        name, home = self.blueprint.name, self.blueprint.home
        if stale := self.stale():
            raise ValueError(
                f"{len(stale)} days of {name}/interactions (the first is {stale[0]}) were not counted since they were "
                f"read, or with other half-lives; materialize {name}/item_state for one of them, which counts them all."
            )
        events = self._events()
        counts = {day: self.path(day) for day in events}
        return PastDays(events, counts, home.folds(name), self.blueprint.settings.candidates.snapshot)

    def stale(self) -> list[date]:
        """Days of events that were not counted since they were read, or with other half-lives, in order.

        Raises:
            FileNotFoundError: when there is no day.
        """
        return [day for day, events in self._events().items() if not _after(self.path(day), events)]

    def make(self, days: Iterable[date]) -> Iterator[tuple[date, ItemCounts]]:
        """Counts these days and writes what was counted, a day at a time."""
        from ops_gpu.interactions.days.item_counts import ItemCounts
        from ops_gpu.interactions.days.past_days import read_day

        blueprint = self.blueprint
        for day in days:
            events = read_day(blueprint.home.interactions(blueprint.name, day))
            counts = ItemCounts.count(events, day_end(day), blueprint.settings.candidates.snapshot)
            with atomic_file(self.path(day)) as aside:
                counts.save(aside)
            yield day, counts

    def path(self, day: date) -> Path:
        """File of a day."""
        return self._folder / f"{day}.parquet"

    def _events(self) -> dict[date, Path]:
        return {date.fromisoformat(path.stem): path for path in event_files(self.blueprint)}

    @cached_property
    def _folder(self) -> Path:
        """Counts of other half-lives do not add up with these, and lie elsewhere."""
        from ops_gpu.interactions.days.item_counts import half_lives

        settings = json.dumps(half_lives(self.blueprint.settings.candidates.snapshot))
        folder = self.blueprint.home.item_state_folder(self.blueprint.name)
        return folder / sha256(settings.encode()).hexdigest()[:8]


def _after(made: Path, source: Path) -> bool:
    """Whether a file was written since another one was."""
    return made.exists() and made.stat().st_mtime_ns >= source.stat().st_mtime_ns
