"""FeatureDays: the feature rows of days on disk, and which of them are of another past or fit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from recsys_assets.blueprint.blueprint import Blueprint
from recsys_assets.tables.parquet_notes import parquet_notes
from recsys_assets.tables.tables import event_files

if TYPE_CHECKING:
    from ops_gpu.features.event_features import EventFeatures
    from ops_gpu.features.feature_files import FeatureFiles

KEY = "made_from"


@dataclass(frozen=True)
class FeatureDays:
    """Feature rows by day, as the asset `features` writes them and models read them.

    A file says what it was made from: the fit of the workflow that gave its codes, settings, and its own events and
    those of all days before it, by size and time of writing. A day that is corrected, or comes late, makes those
    after it stale.

    Args:
        blueprint: the recommender.
        fit: hash of the workflow as it was last fitted anew.
        history_length: items of a user that rows hold.
    """

    blueprint: Blueprint
    fit: str
    history_length: int

    def files(self) -> dict[date, Path]:
        """The rows of every day that has events, in order.

        Raises:
            FileNotFoundError: when there is no day.
            ValueError: when a day has no rows, or rows of another past or fit.
        """
        if stale := self.stale():
            name = self.blueprint.name
            raise ValueError(
                f"{len(stale)} days of {name}/features (the first is {stale[0]}) are missing, or were made before the "
                f"workflow was fitted anew or a day up to them was read again; materialize {name}/features for one of "
                "them, which makes them all."
            )
        return {day: self.path(day) for day in self._keys}

    def stale(self) -> list[date]:
        """Days of events without such rows, in order.

        Raises:
            FileNotFoundError: when there is no day.
        """
        return [day for day, key in self._keys.items() if parquet_notes(self.path(day)).get(KEY) != key]

    def files_of(self, features: EventFeatures) -> FeatureFiles:
        """What makes and writes the rows of any of these days."""
        from ops_gpu.features.feature_files import FeatureFiles

        paths = {day: self.path(day) for day in self._keys}
        for folder in {path.parent for path in paths.values()}:
            folder.mkdir(parents=True, exist_ok=True)
        return FeatureFiles(features, paths, {day: {KEY: key} for day, key in self._keys.items()})

    def key(self, day: date) -> str:
        """What the rows of all days up to one are to be made from: equal keys, equal rows.

        Raises:
            FileNotFoundError: when there is no day.
        """
        return next((key for other, key in reversed(self._keys.items()) if other <= day), "")

    def path(self, day: date) -> Path:
        """File of a day."""
        return self.blueprint.home.features(self.blueprint.name, day)

    @cached_property
    def _keys(self) -> dict[date, str]:
        """What the rows of each day are to be made from."""
        snapshot = self.blueprint.settings.candidates.snapshot
        known, keys = sha256(f"{self.fit} {self.history_length} {snapshot}".encode()), dict[date, str]()
        for path in event_files(self.blueprint):
            found = path.stat()
            known.update(f"{path.name}:{found.st_size}:{found.st_mtime_ns}\n".encode())
            keys[date.fromisoformat(path.stem)] = known.hexdigest()[:32]
        return keys
