"""FeaturePlan: what the feature rows of each day are to be made from, and which of them are not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from recsys_assets.blueprint.blueprint import Blueprint
from recsys_assets.blueprint.code_version import code_version
from recsys_assets.blueprint.json_files import write_json
from recsys_assets.tables.days.feature_days import KEY
from recsys_assets.tables.feature_index import index_of
from recsys_assets.tables.parquet_notes import parquet_notes
from recsys_assets.tables.tables import event_files

if TYPE_CHECKING:
    from ops_gpu.features.days.event_features import EventFeatures
    from ops_gpu.features.days.feature_files import FeatureFiles

CODE = ("ops_gpu.features.days.event_features", "ops_gpu.features.days.feature_files")


@dataclass(frozen=True)
class FeaturePlan:
    """The feature rows of a recommender as the asset `features` is to make them.

    A file says what it was made from: the fit of the workflow that gave its codes, settings, code, and the content of
    its own events and those of all days before it. A day that is corrected, or comes late, makes those after it stale;
    one that is read again and is what it was makes none.

    Args:
        blueprint: the recommender.
        fit: hash of the workflow as it was last fitted anew.
        history_length: items of a user that rows hold.
    """

    blueprint: Blueprint
    fit: str
    history_length: int

    def stale(self) -> list[date]:
        """Days of events without such rows, in order.

        Raises:
            FileNotFoundError: when there is no day.
        """
        return [day for day, key in self.keys.items() if parquet_notes(self.path(day)).get(KEY) != key]

    def files_of(self, features: EventFeatures) -> FeatureFiles:
        """What makes and writes the rows of any of these days."""
        from ops_gpu.features.days.feature_files import FeatureFiles

        paths = {day: self.path(day) for day in self.keys}
        for folder in {path.parent for path in paths.values()}:
            folder.mkdir(parents=True, exist_ok=True)
        return FeatureFiles(features, paths, {day: {KEY: key} for day, key in self.keys.items()})

    def publish(self) -> None:
        """Says which days there are, and of what, once all of them are written: readers go by it."""
        days = {str(day): key for day, key in self.keys.items()}
        write_json({"fit": self.fit, "days": days}, index_of(self.blueprint))

    def path(self, day: date) -> Path:
        """File of a day."""
        return self.blueprint.home.features(self.blueprint.name, day)

    @cached_property
    def keys(self) -> dict[date, str]:
        """What the rows of each day are to be made from: equal keys, equal rows."""
        from ops_gpu.interactions.days.day_stamp import day_stamp

        made_by = [self.fit, self.history_length, self.blueprint.settings.candidates.snapshot, code_version(CODE)]
        known, keys = sha256(repr(made_by).encode()), dict[date, str]()
        for path in event_files(self.blueprint):
            known.update(f"{path.stem}:{day_stamp(path)}\n".encode())
            keys[date.fromisoformat(path.stem)] = known.hexdigest()[:32]
        return keys
