"""Days put together to stretches that are read one after another."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import accumulate

from ops_gpu.logs.days import FileDays

TWICE = 0.25
"""So much of a stretch may be read again with the next one: a file of a day often holds rows of the day before."""


def stretches(days: Sequence[date], files: Sequence[FileDays], at_once: int) -> list[list[date]]:
    """Cuts days where few rows lie in files that hold days of both sides, and no file that is read in blocks does.

    Args:
        days: in order.
        files: what each file holds.
        at_once: rows of a stretch, at least; less at the end.

    Returns:
        All days in order, in one stretch at least.
    """
    place = {day: number for number, day in enumerate(days)}
    rows, across, uncut = [0] * len(days), [0] * len(days), [0] * len(days)
    for file in files:
        mine = sorted(place[day] for day in file.by_day if day in place)
        if not mine:
            continue
        for number in mine:
            rows[number] += file.by_day[days[number]].rows
        of_side, cost = (uncut, 1) if len(file.blocks) > 1 else (across, sum(day.rows for day in file.by_day.values()))
        of_side[mine[0]] += cost
        of_side[mine[-1]] -= cost
    found, held = [list[date]()], 0
    for day, here, again, whole in zip(days, rows, accumulate(across), accumulate(uncut), strict=True):
        found[-1].append(day)
        held += here
        if held >= at_once and again <= TWICE * held and not whole:
            found.append([])
            held = 0
    return found if found[-1] or len(found) == 1 else found[:-1]
