"""What one run can take in of new files, where some of them cannot be read."""

from __future__ import annotations

from datetime import date

from recsys_assets.source_files import SourceFiles


def takeable(found: SourceFiles, seen: SourceFiles) -> SourceFiles:
    """The files as they are, but for those that would keep good days from being read.

    A run covers all days from the first to the last one asked for, and fails where a file of one of them cannot be
    read. So the good days up to the first bad one are asked for alone; the rest looks as if it had not come yet, and
    is found at the next look. Where no good day is left, the bad ones are asked for: their run says what is wrong.

    Args:
        found: the files as they are now.
        seen: the files as they were.
    """
    changed = {path: entry for path, entry in found.days.items() if seen.log.get(path) != entry.fingerprint}
    bad = {day for entry in found.days.values() if entry.error for day in entry.days}
    good = {day for entry in changed.values() if not entry.error for day in entry.days} - bad
    first = min(good, default=date.max)
    limit = min((day for day in bad if day > first), default=date.max)
    waits = {
        path
        for path, entry in changed.items()
        if (entry.error and entry.days) or any(day >= limit or day in bad for day in entry.days)
    }
    if not bad or waits.issuperset(changed):
        return found
    before = {path: seen.log[path] for path in waits if path in seen.log}
    log = {path: fingerprint for path, fingerprint in found.log.items() if path not in waits}
    days = {path: entry for path, entry in found.days.items() if path not in waits}
    return SourceFiles(log | before, found.tables, days)
