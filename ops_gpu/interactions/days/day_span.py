"""Stretches of days at fixed places: any past is covered by few of them, and a new day changes one of each length."""

from __future__ import annotations

from dataclasses import dataclass

BASE = 8
LONGEST = BASE**4
"""Days of the longest stretch, some eleven years."""


@dataclass(frozen=True, order=True)
class DaySpan:
    """The days `[first, first + days)`, counted from 1970-01-01.

    Args:
        first: the first day; a multiple of `days`.
        days: how many, a power of `BASE`.
    """

    first: int
    days: int

    @property
    def end(self) -> int:
        """The day after the last one."""
        return self.first + self.days

    def __contains__(self, day: int) -> bool:
        return self.first <= day < self.end

    def parts(self) -> list[DaySpan]:
        """The spans of the next shorter length that make it up; none for a single day."""
        size = self.days // BASE
        return [DaySpan(first, size) for first in range(self.first, self.end, size)] if size else []


def spans_before(end: int, first: int) -> list[DaySpan]:
    """The fewest spans that cover all days from `first` on and none from `end` on; at most 7 of each length but one.

    Which they are depends on `end` alone, but for how far they reach back: the same spans serve many ends.

    Args:
        end: a day, excluded.
        first: the first day that must be covered; a span may begin before it.

    Returns:
        Spans in order of time, side by side; none where `end` is not after `first`.

    Example:
        >>> [(span.first, span.days) for span in spans_before(end=74, first=3)]
        [(0, 64), (64, 8), (72, 1), (73, 1)]
    """
    spans: list[DaySpan] = []
    size, at = 1, end
    while at > first:
        if size < LONGEST and at % (size * BASE) == 0:
            size *= BASE
        else:
            at -= size
            spans.append(DaySpan(at, size))
    return spans[::-1]
