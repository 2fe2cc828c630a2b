"""Refusing a time unit that turns good times into bad ones."""

from __future__ import annotations

from datetime import datetime

import polars as pl

from ops_gpu.logs.errors.log_error import LogError, shown
from ops_gpu.logs.errors.reading import reading
from ops_gpu.logs.interactions import InteractionLog
from ops_gpu.logs.values.digit_times import digit_forms
from ops_gpu.logs.values.other_epochs import other_epoch
from ops_gpu.logs.values.times import parse_times

_EARLY = datetime(1971, 1, 1)
_DECLARED = ("s", "ms", "us", "ns")


def read_times(values: pl.Series, log: InteractionLog, path: str) -> pl.Series:
    """The moments of a file's events, as `parse_times` gives them.

    Args:
        values: the time column.
        log: what a time means.
        path: the file, for messages.

    Raises:
        LogError: when the declared unit puts every event into 1970, and the size of the numbers says that another
            unit is meant (times that count from zero are left alone: their size says nothing); when no unit is
            declared, and the times are no epoch but dates written as digits, or count from another moment than 1970.
    """
    if log.time_unit == "auto" and log.time_format is None:
        _require_epoch(values, log, path)
    with reading(path):
        moments = parse_times(values, log.time_unit, log.time_format)
    if log.time_unit not in _DECLARED or log.time_format or not _all_early(moments):
        return moments
    likely = parse_times(values, "auto")
    if likely.null_count() > values.null_count() or likely.min() == moments.min():
        return moments
    raise LogError(
        f"'{path}' has its events in {_year(moments)} when the column '{log.time}' is read with time_unit: "
        f"{log.time_unit}, but in {_year(likely)} by the size of its numbers, such as {shown(values.drop_nulls()[0])}; "
        "correct time_unit, or say time_unit: auto."
    )


def _require_epoch(values: pl.Series, log: InteractionLog, path: str) -> None:
    with reading(path):
        forms, other = digit_forms(values), other_epoch(values)
    if forms:
        patterns = " or ".join(f'"{form.pattern}"' for form in forms)
        raise LogError(
            f"'{path}' has times written as digits in the column '{log.time}', such as "
            f"{shown(values.drop_nulls()[0])}, expected an epoch or ISO 8601; say time_format: {patterns} (or name the "
            f"unit of an epoch, such as time_unit: s)."
        )
    if other is not None:
        raise LogError(
            f"'{path}' has {other.name} in the column '{log.time}', such as {shown(values.drop_nulls()[0])}, which "
            f"count 100 ns since the year {other.since}, expected an epoch or ISO 8601; write seconds since 1970, "
            f"which are (value - {other.offset}) / 10000000, into the files (or name the unit of an epoch, such as "
            f"time_unit: ns)."
        )


def _all_early(moments: pl.Series) -> bool:
    latest = moments.max()
    return isinstance(latest, datetime) and latest < _EARLY


def _year(moments: pl.Series) -> str:
    years = moments.dt.year()
    first, last = years.min(), years.max()
    return f"{first!s}" if first == last else f"{first!s} to {last!s}"
