"""ItemDays: what each day teaches of items, on disk."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from recsys_assets.blueprint.blueprint import Blueprint
from recsys_assets.blueprint.code_version import code_version
from recsys_assets.tables.parquet_notes import parquet_notes
from recsys_assets.tables.tables import event_files

if TYPE_CHECKING:
    from ops_gpu.interactions.days.item_count_files import ItemCountFiles
    from ops_gpu.interactions.days.past_days import PastDays

CODE = ("ops_gpu.interactions.days.item_counts", "ops_gpu.interactions.days.history_run")


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
        counts, config = {day: self.path(day) for day in events}, self.blueprint.settings.candidates.snapshot
        return PastDays(events, counts, home.folds(name), config, code_version(CODE))

    def stale(self) -> list[date]:
        """Days of events that were not counted as they are now, or with other half-lives, in order.

        Raises:
            FileNotFoundError: when there is no day.
        """
        from ops_gpu.interactions.days.day_stamp import CONTENT

        files = self.files(self._events())
        return [day for day in files.events if parquet_notes(self.path(day)).get(CONTENT) != files.wanted(day)]

    def files(self, days: Iterable[date]) -> ItemCountFiles:
        """What counts these days and writes what was counted: `engine.map(files, days)`."""
        from ops_gpu.interactions.days.item_count_files import ItemCountFiles

        home, name, days = self.blueprint.home, self.blueprint.name, list(days)
        events = {day: home.interactions(name, day) for day in days}
        config = self.blueprint.settings.candidates.snapshot
        return ItemCountFiles(events, {day: self.path(day) for day in events}, config, code_version(CODE))

    def path(self, day: date) -> Path:
        """File of a day."""
        return self._folder / f"{day}.parquet"

    def _events(self) -> dict[date, Path]:
        return {date.fromisoformat(path.stem): path for path in event_files(self.blueprint)}

    @cached_property
    def _folder(self) -> Path:
        from ops_gpu.interactions.days.item_counts import half_lives_key

        folder = self.blueprint.home.item_state_folder(self.blueprint.name)
        return folder / half_lives_key(self.blueprint.settings.candidates.snapshot)
