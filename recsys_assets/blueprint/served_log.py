"""ServedLog: which days a recommender served, of the decision log and of what is kept of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from ops_gpu.primitives.atomic_file import atomic_file
from resources.home import Home
from serving.decisions.files import logged_days, state_of_day

if TYPE_CHECKING:
    from serving.decisions.served_day import ServedDay


@dataclass(frozen=True)
class ServedLog:
    """The days of one recommender.

    Args:
        name: the recommender.
        home: where its log lies, and what is kept.
    """

    name: str
    home: Home

    @property
    def logged(self) -> list[date]:
        """Days that the log has, in order."""
        return logged_days(self.home.decisions(self.name))

    @property
    def kept(self) -> list[date]:
        """Days that are kept, in order."""
        files = self.home.served_folder(self.name).glob("????-??-??.parquet")
        return sorted(date.fromisoformat(path.stem) for path in files)

    def first(self, today: date) -> date:
        """The first day of either; today before anybody has asked."""
        return min([today, *self.logged, *self.kept])

    def is_behind(self, day: date) -> bool:
        """Whether the log says more of a day than what is kept; never so once it is deleted from the log."""
        from serving.decisions.served_day import kept_state

        state = state_of_day(self.home.decisions(self.name), day)
        return bool(state) and state != kept_state(self.home.served(self.name, day))

    def keep(self, day: date) -> ServedDay:
        """Keeps a day: what the log has of it now, and what was kept of it before.

        Raises:
            FileNotFoundError: when there is no log.
        """
        from serving.decisions.served_day import ServedDay

        folder, path = self.home.decisions(self.name), self.home.served(self.name, day)
        older = ServedDay.load(path) if path.exists() else None
        if older and not state_of_day(folder, day):  # the log no longer has it
            return older
        served = ServedDay.read(folder, day)
        served = served.added_to(older) if older else served
        with atomic_file(path) as aside:
            served.save(aside)
        return served
