"""FeatureDays: the feature rows of days on disk, for all that learns from them or is judged by them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path

from ops_gpu.interactions.utc_days import as_day, day_end
from recsys_assets.blueprint.blueprint import Blueprint
from recsys_assets.blueprint.json_files import read_json
from recsys_assets.tables.feature_index import index_of
from recsys_assets.tables.parquet_notes import parquet_notes

KEY = "made_from"


@dataclass(frozen=True)
class FeatureDays:
    """Feature rows by day, as the asset `features` has written them last.

    Args:
        blueprint: the recommender.
        fit: hash of the workflow as it was last fitted anew; rows of another fit have other codes.
    """

    blueprint: Blueprint
    fit: str

    def files(self) -> dict[date, Path]:
        """The rows of every day that there are some of, in order.

        Raises:
            ValueError: when they are of another fit, or a file is missing, or is not the one that was written.
        """
        name, paths = self.blueprint.name, {day: self.path(day) for day in self._made}
        if others := [day for day, key in self._made.items() if parquet_notes(paths[day]).get(KEY) != key]:
            raise ValueError(
                f"{len(others)} days of {name}/features (the first is {others[0]}) are missing, or were not written to "
                f"the end; materialize {name}/features for one of them, which makes them all."
            )
        return paths

    def key(self, day: date) -> str:
        """What the rows of all days up to one were made from: equal keys, equal rows; empty before the first day.

        Raises:
            ValueError: when they are of another fit.
        """
        return next((key for other, key in reversed(self._made.items()) if other <= day), "")

    def require_until(self, end: int) -> None:
        """Refuses rows that end before what was planned with them.

        Args:
            end: epoch seconds.

        Raises:
            ValueError: when the last day ends before it, or rows are of another fit.
        """
        last, name = max(self._made, default=None), self.blueprint.name
        if last is None or day_end(last) < end:
            raise ValueError(
                f"the rows of {name}/features end with {last or 'nothing'}, expected those of {as_day(end - 1)} too, "
                f"for which {name}/workflow was fitted; materialize {name}/features for that day."
            )

    def path(self, day: date) -> Path:
        """File of a day."""
        return self.blueprint.home.features(self.blueprint.name, day)

    @cached_property
    def _made(self) -> dict[date, str]:
        name, index = self.blueprint.name, read_json(index_of(self.blueprint))
        if index is None:
            raise ValueError(f"{name}/features has no rows, or those of a version before; materialize {name}/features.")
        if index["fit"] != self.fit:
            raise ValueError(
                f"the rows of {name}/features were made before {name}/workflow was fitted anew, expected rows in its "
                f"codes; materialize {name}/features for any day, which makes them all."
            )
        settings, days = self.blueprint.settings, {date.fromisoformat(day): key for day, key in index["days"].items()}
        start, end = settings.start or date.min, settings.end or date.max
        return {day: days[day] for day in sorted(days) if start <= day < end}
