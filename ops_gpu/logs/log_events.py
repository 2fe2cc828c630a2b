"""LogEvents: the events of a whole log, as the tables of users and items need them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

import polars as pl

from ops_gpu.logs.errors.log_error import LogError
from ops_gpu.logs.files.file_part import FilePart
from ops_gpu.logs.files.listing import list_files
from ops_gpu.logs.files.place import LogPlace
from ops_gpu.logs.interactions import InteractionLog
from ops_gpu.logs.loading import collect
from ops_gpu.logs.values.identifiers import IdTypes
from ops_gpu.logs.values.time_bounds import TimeBounds


@dataclass(frozen=True)
class LogEvents:
    """What a table reads of a log.

    Args:
        log: the interactions.
        place: base folder and variables of paths.
        ids: the types of ids.
        before: events from this day on are not looked at; None for all days.
        bounds: which times may be those of events; None for all.
    """

    log: InteractionLog
    place: LogPlace
    ids: IdTypes
    before: date | None = None
    bounds: TimeBounds | None = None

    @property
    def path(self) -> str:
        """How messages call the log."""
        return self.place.resolve(self.log.source.path)

    def rows(self, extra: Sequence[str] = ()) -> tuple[pl.DataFrame, dict[str, str]]:
        """The events of all files that can be read, and why the others cannot: these fail their own days.

        Args:
            extra: raw columns to carry along as `raw:NAME`.

        Raises:
            LogError: when no file can be read, or one cannot for the sake of `extra` alone.
        """
        parts, unread = self._parts(), dict[str, str]()
        rows = self._of(parts, extra, unread)
        self._require_some(parts, unread)
        return rows, unread

    def seen(self, column: str) -> tuple[pl.Series, dict[str, str]]:
        """The distinct ids of all events, a file at a time, and why some files cannot be read.

        Args:
            column: `user_id` or `item_id`.

        Raises:
            LogError: when no file can be read.
        """
        parts, unread = self._parts(), dict[str, str]()
        found = [self._of([part], (), unread)[column].unique() for part in parts]
        self._require_some(parts, unread)
        return pl.concat(found).unique(), unread

    def _parts(self) -> list[FilePart]:
        return [FilePart(file) for file in list_files(self.log.source, self.place)]

    def _of(self, parts: Sequence[FilePart], extra: Sequence[str], unread: dict[str, str]) -> pl.DataFrame:
        rows, _ = collect(parts, self.log, self.ids, extra, unread, self.bounds)
        if self.before is None:
            return rows
        return rows.filter(pl.col("timestamp") < datetime.combine(self.before, time.min))

    def _require_some(self, parts: Sequence[FilePart], unread: dict[str, str]) -> None:
        """LogError when no file can be read, or one cannot for the sake of this table alone."""
        of_days = dict[str, str]()
        collect([part for part in parts if part.file.path in unread], self.log, self.ids, unread=of_days)
        # What fails for the sake of this table alone fails no day, and must be told here.
        alone = [unread[path] for path in unread.keys() - of_days]
        errors = list(unread.values()) if len(unread) == len(parts) else alone
        if errors:
            raise LogError(errors[0])
