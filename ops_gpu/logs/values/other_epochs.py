"""Numbers that count from another moment than 1970, and would land in a wrong year without a word."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

_GLANCE, _SHARE = 100, 0.9
"""Values that are looked at first, and how many of all must be such moments where one of the former is."""


@dataclass(frozen=True)
class OtherEpoch:
    """A way to count moments in units of 100 ns.

    Args:
        name: how it is called.
        since: the year that it counts from.
        offset: the number of 1970-01-01.
        first: the number of 2000-01-01; all numbers up to `last` are some weeks of another year as nanoseconds.
        last: the number of 2040-01-01.
    """

    name: str
    since: int
    offset: int
    first: int
    last: int


_YEARS_30, _YEARS_70 = 9_466_848_000_000_000, 22_089_888_000_000_000
OTHER_EPOCHS = tuple(
    OtherEpoch(name, since, offset, offset + _YEARS_30, offset + _YEARS_70)
    for name, since, offset in (
        (".NET ticks", 1, 621_355_968_000_000_000),
        ("Windows file times", 1601, 116_444_736_000_000_000),
    )
)


def other_epoch(values: pl.Series) -> OtherEpoch | None:
    """The epoch of a column whose numbers are nearly all moments from 2000 to 2040 in it; None where there is none.

    Args:
        values: numbers or text.
    """
    if not (values.dtype.is_numeric() or values.dtype == pl.String):
        return None
    first = _numbers(values.drop_nulls().head(_GLANCE))
    for epoch in OTHER_EPOCHS:
        if not first.is_between(epoch.first, epoch.last).any():
            continue
        numbers = _numbers(values)
        if numbers.is_between(epoch.first, epoch.last).sum() >= _SHARE * len(numbers):
            return epoch
    return None


def _numbers(values: pl.Series) -> pl.Series:
    texts = values.str.strip_chars() if values.dtype == pl.String else values
    return texts.cast(pl.Float64, strict=False).drop_nulls().drop_nans()
