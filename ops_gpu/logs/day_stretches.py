"""Days put together to stretches that are read one after another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import accumulate

from ops_gpu.logs.days import FileDays
from ops_gpu.logs.files.day_rows import DayRows

TWICE = 0.25
"""So much of a stretch may be read again with the next one: a file of a day often holds rows of the day before."""


def stretches(days: Sequence[date], files: Sequence[FileDays], at_once: int) -> list[list[date]]:
    """Cuts days where few rows lie in files, or blocks of them, that hold days of both sides.

    Args:
        days: in order.
        files: what each file holds.
        at_once: rows of a stretch, at least; less at the end.

    Returns:
        All days in order, in one stretch at least.
    """
    rows, across, place = [0] * len(days), [0] * len(days), {day: number for number, day in enumerate(days)}
    for by_day in _units(files):
        mine = sorted(place[day] for day in by_day if day in place)
        if mine:
            every = sum(found.rows for found in by_day.values())
            across[mine[0]] += every
            across[mine[-1]] -= every
            for number in mine:
                rows[number] += by_day[days[number]].rows
    found, held = [list[date]()], 0
    for day, here, crossing in zip(days, rows, accumulate(across), strict=True):
        found[-1].append(day)
        held += here
        if held >= at_once and crossing <= TWICE * held:
            found.append([])
            held = 0
    return found if found[-1] or len(found) == 1 else found[:-1]


def _units(files: Sequence[FileDays]) -> Iterator[Mapping[date, DayRows]]:
    """What is read as a whole or not at all: rows by day."""
    for file in files:
        yield from (block.days for block in file.blocks) if file.blocks else [file.by_day]
