"""Which days of a log the users of a feature store were last made from: what the last write noted."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import date, datetime, timedelta
from typing import Any

import polars as pl

from ops_gpu.interactions.days.day_stamp import only_added

DAYS, PUSHED = "recsys.days", "recsys.pushed"
"""Notes of a write of users (`FeatureRepository.notes`): one without them takes them away."""
MOST = 31
"""Days that are added to histories at once; of more, all histories are made anew."""


def added_days(notes: Mapping[str, str], contents: Mapping[date, str]) -> list[date] | None:
    """The days that have come since, where all others are what they were; None where anything else has changed.

    Args:
        notes: of the last write.
        contents: what tells one content of a day from another, of every day that there is now.
    """
    before, now = _of(notes, DAYS, dict), {str(day): content for day, content in contents.items()}
    new = None if before is None else only_added(before, now)
    return None if new is None or len(new) > MOST else [date.fromisoformat(day) for day in new]


def pushed_then(notes: Mapping[str, str]) -> list[Any]:
    """Users of whom more was published than the log held."""
    return _of(notes, PUSHED, list) or []


def notes_of(contents: Mapping[date, str], pushed: Iterable[Any]) -> dict[str, str]:
    """The notes of a write that is made from these days, and of these users from what was pushed as well."""
    days = {str(day): contents[day] for day in sorted(contents)}
    return {DAYS: json.dumps(days), PUSHED: json.dumps(list(pushed))}


def on_days(days: list[date]) -> pl.Expr:
    """Whether the `timestamp` (UTC, without a zone) of an event lies on one of some days."""
    moment, midnights = pl.col("timestamp"), [datetime.combine(day, datetime.min.time()) for day in days]
    within = [(moment >= begin) & (moment < begin + timedelta(days=1)) for begin in midnights]
    return pl.any_horizontal(within) if within else pl.lit(False)


def _of(notes: Mapping[str, str], name: str, kind: type) -> Any:
    """A note; None where there is none, or it is damaged."""
    found = None
    with suppress(ValueError):
        found = json.loads(notes.get(name, ""))
    return found if isinstance(found, kind) else None
