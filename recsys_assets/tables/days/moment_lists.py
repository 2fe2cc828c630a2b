"""MomentLists: the ranker's training lists on disk, a file a moment, made once and kept."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ops_gpu.interactions.events import DAY
from ops_gpu.interactions.utc_days import as_day
from ops_gpu.primitives.atomic_file import atomic_file
from recsys_assets.tables.days.feature_days import FeatureDays
from recsys_assets.tables.parquet_notes import parquet_notes

if TYPE_CHECKING:
    from ops_gpu.models.training.ranking_rows import RankingRows

KEY, END = "made_from", "early_end"


class Window(NamedTuple):
    """When lists are made, and up to when a choice counts, in epoch seconds."""

    moment: int
    end: int

    @property
    def name(self) -> str:
        """Of its file: the moment, and how many days follow it."""
        days = f"{(self.end - self.moment) / DAY:.6g}"
        return f"{datetime.fromtimestamp(self.moment, UTC):%Y-%m-%dT%H%M%S}-{days}d"


@dataclass(frozen=True)
class MomentLists:
    """Lists by moment, as the asset `training_lists` writes them and rankers learn from them.

    A file says what it was made from: settings, and the feature rows of all days up to the end of its horizon; and up
    to where the models had learned that made it, which is never after its moment. Lists of models that had learned less
    stay as the window moves over them.

    Args:
        folder: of the files.
        days: the feature rows.
        settings: all that lists depend on beside the days, as a text.
    """

    folder: Path
    days: FeatureDays
    settings: str

    def stale(self, windows: Iterable[Window], early_end: int) -> list[Window]:
        """Windows without lists of this past and of models that had learned no more than those that there are now.

        Args:
            windows: of the lists.
            early_end: epoch seconds, up to where the models have learned.
        """
        return [window for window in windows if not self._kept(window, early_end)]

    def write(self, window: Window, early_end: int, rows: RankingRows) -> None:
        """Writes the lists of a moment."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with atomic_file(self.path(window)) as aside:
            rows.save(aside, {KEY: self._key(window), END: str(early_end)})

    def read(self, windows: Sequence[Window]) -> RankingRows:
        """The lists of some moments, at least one.

        Raises:
            ValueError: when those of a moment are missing, or of another past.
        """
        from ops_gpu.models.training.ranking_rows import RankingRows

        name = self.days.blueprint.name
        stale = [window for window in windows if parquet_notes(self.path(window)).get(KEY) != self._key(window)]
        if stale:
            raise ValueError(
                f"{name}/training_lists lacks {len(stale)} of the {len(windows)} moments that the ranker learns from, "
                f"or has lists of other days or settings (the first is {stale[0].name}); materialize "
                f"{name}/training_lists."
            )
        return RankingRows.concatenate([RankingRows.load(self.path(window), window.moment) for window in windows])

    def made_from(self, windows: Sequence[Window]) -> str:
        """Hash of what the lists of some moments were made from, by which models among it."""
        made = [(window.name, self._key(window), parquet_notes(self.path(window)).get(END)) for window in windows]
        return sha256(repr(made).encode()).hexdigest()[:16]

    def forget(self, kept: Iterable[Window]) -> None:
        """Removes the lists of all but these windows."""
        paths = {self.path(window) for window in kept}
        for path in self.folder.glob("*.parquet"):
            if path not in paths:
                path.unlink(missing_ok=True)

    def path(self, window: Window) -> Path:
        """File of the lists of a window."""
        return self.folder / f"{window.name}.parquet"

    def _kept(self, window: Window, early_end: int) -> bool:
        notes = parquet_notes(self.path(window))
        return notes.get(KEY) == self._key(window) and int(notes[END]) <= early_end

    def _key(self, window: Window) -> str:
        rows = self.days.key(as_day(window.end - 1))
        return sha256(f"{self.settings} {window.name} {rows}".encode()).hexdigest()[:32]
