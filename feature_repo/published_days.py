"""PublishedDays: which days of a log the users of a feature store were last made from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import polars as pl

from ops_gpu.primitives.atomic_file import write_text

FILE = "users.days"
MOST = 31
"""Days that are added to histories at once; of more, all histories are made anew."""


@dataclass(frozen=True)
class PublishedDays:
    """The note beside an offline source; it is there while the source is whole.

    Args:
        folder: of the Feast repository.
    """

    folder: Path

    def added(self, contents: Mapping[date, str]) -> list[date] | None:
        """The days that have come since, where all others are what they were; None where anything else has changed.

        Args:
            contents: what tells one content of a day from another, of every day that there is now.
        """
        path = self.folder / FILE
        before = json.loads(path.read_text(encoding="utf-8")) if path.exists() else None
        now = {str(day): content for day, content in contents.items()}
        if before is None or any(now.get(day) != content for day, content in before.items()):
            return None
        new = sorted(day for day in contents if str(day) not in before)
        return new if len(new) <= MOST else None

    def save(self, contents: Mapping[date, str]) -> None:
        """Notes that the source was made from these days."""
        write_text(self.folder / FILE, json.dumps({str(day): contents[day] for day in sorted(contents)}))

    def forget(self) -> None:
        """Says nothing of the source any more: it is about to change."""
        (self.folder / FILE).unlink(missing_ok=True)


def on_days(days: list[date]) -> pl.Expr:
    """Whether the `timestamp` (UTC, without a zone) of an event lies on one of some days."""
    moment, midnights = pl.col("timestamp"), [datetime.combine(day, datetime.min.time()) for day in days]
    within = [(moment >= begin) & (moment < begin + timedelta(days=1)) for begin in midnights]
    return pl.any_horizontal(within) if within else pl.lit(False)
