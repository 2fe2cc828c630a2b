"""What is unusual about days that were read, in sentences, and as metadata."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

import dagster as dg

from recsys_assets.metadata.tables import table
from recsys_assets.tables.day_reading import OUTSIDE

if TYPE_CHECKING:
    from recsys_assets.tables.day_reading import DayReading

NOTES = "notes"
"""Name of the metadata that the command line shows too."""
MOST = 20


def reading_notes(reading: DayReading) -> list[str]:
    """What lies outside the times of events, what is kept of files that are gone, and which days are empty now."""
    notes = reading.changes.log.left_out()
    gone = kept_days(reading)
    if gone:
        notes.append(
            f"{sum(gone.values()):,} events of {_days(gone)} are kept, whose files are gone; let go of them by "
            "`recsys materialize NAME --drop-missing`, or for good by quality.missing_files: drop."
        )
    if reading.emptied:
        notes.append(f"{_days(dict.fromkeys(reading.emptied, 0))} empty now: no file holds events of them any more.")
    outside = reading.changes.outside()
    if outside:
        notes.append(
            f"{_days(dict.fromkeys(outside, 0))} of before removed, which can be no days of events (those whose files "
            f"are gone lie in the folder {OUTSIDE!r} beside the others, and come back when they are read and can be)."
        )
    return notes


def kept_days(reading: DayReading) -> dict[date, int]:
    """Events of files that are gone, by day; of these days as they were read now, of others as they were before."""
    gone = {day: rows for day, rows in reading.changes.gone_days().items() if day not in reading.days}
    return dict(sorted({**gone, **{day: now.kept for day, now in reading.days.items() if now.kept}}.items()))


def reading_metadata(reading: DayReading) -> dict[str, Any]:
    """The same as metadata, with the number of events that are kept a day."""
    notes, gone = reading_notes(reading), kept_days(reading)
    rows = [[str(day), count] for day, count in list(gone.items())[:MOST]]
    shown = {"kept_days": dg.MetadataValue.md(table(["day", "events kept, whose file is gone"], rows))} if rows else {}
    said = {NOTES: dg.MetadataValue.text("\n".join(notes))} if notes else {}
    return {**said, "events_kept": sum(gone.values()), **shown}


def _days(days: Mapping[date, int]) -> str:
    first, last, count = min(days), max(days), len(days)
    return f"{first}" if count == 1 else f"{count} days ({first} to {last})"
