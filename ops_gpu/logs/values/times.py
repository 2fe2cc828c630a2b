"""Event times of any notation to UTC microseconds."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import polars as pl


TimeUnit = Literal["auto", "s", "ms", "us", "ns", "text"]
UNITS = ("auto", "s", "ms", "us", "ns", "text")

_MICROSECONDS = {"s": 1e6, "ms": 1e3, "us": 1.0, "ns": 1e-3}
# 1900-01-01 and 2200-01-01: outside lies a wrong unit, not an event.
_EARLIEST, _LATEST = -2_208_988_800_000_000, 7_258_118_400_000_000
# Below this, seconds would mean a time before March 1973: rather a date such as 20130401 or a year.
_LEAST_EPOCH = 1e8
_SAMPLE = datetime(2024, 11, 22, 13, 44, 55)
_HOUR, _MINUTE = re.compile("%-?[HkIl]"), re.compile("%-?M|%[TRcXr+s]")
_FORMATS = (
    "%Y-%m-%d %H:%M:%S%.f",
    "%Y-%m-%dT%H:%M:%S%.f",
    "%Y-%m-%d",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%dT%H:%M",
    "%+",
    "%Y-%m-%d %H:%M:%S%.f%#z",
)


def parse_times(values: pl.Series, unit: TimeUnit = "auto", pattern: str | None = None) -> pl.Series:
    """Reads event times.

    Times without a zone are taken as UTC, times with one are converted. With `auto`, epoch numbers are told
    by their size (seconds, milliseconds, microseconds or nanoseconds since 1970), each for itself, and text
    is read as an epoch number or in the forms of ISO 8601.

    Args:
        values: numbers, text, dates or datetimes.
        unit: what a number means, or `text`.
        pattern: strptime pattern of times written as text or as digits (20240115 is a number, and a date); None for
            the ISO forms.

    Returns:
        Datetime[us] without zone, null where a value is no time between 1900 and 2200.
    """
    import polars as pl

    dtype = values.dtype
    if isinstance(dtype, pl.Datetime):
        zoned = values.dt.convert_time_zone("UTC").dt.replace_time_zone(None) if dtype.time_zone else values
        moments = zoned.cast(pl.Datetime("us"))
    elif dtype == pl.Date:
        moments = values.cast(pl.Datetime("us"))
    elif dtype.is_numeric() and pattern is not None:
        moments = strptime(_written(values, pattern), pattern)
    elif dtype.is_numeric():
        moments = _from_epoch(values.cast(pl.Float64), unit)
    elif dtype == pl.String:
        moments = _from_text(values, unit, pattern)
    else:
        moments = pl.Series(values.name, [None] * len(values), dtype=pl.Datetime("us"))
    return _plausible(moments)


def _written(numbers: pl.Series, pattern: str) -> pl.Series:
    """Whole numbers as they were written before they were taken for numbers, with the zeros that got lost."""
    import polars as pl

    texts = numbers.cast(pl.Int128, strict=False).cast(pl.String)
    digits = _SAMPLE.strftime(pattern)
    return texts.str.zfill(len(digits)) if digits.isdecimal() else texts


def _from_text(values: pl.Series, unit: TimeUnit, pattern: str | None) -> pl.Series:
    import polars as pl

    texts = values.str.strip_chars()
    if unit != "text" and pattern is None:
        moments = _from_epoch(texts.cast(pl.Float64, strict=False), unit)
        if unit != "auto" or moments.null_count() == values.null_count():
            return moments
    else:
        moments = pl.Series(values.name, [None] * len(values), dtype=pl.Datetime("us"))
    if pattern and _SAMPLE.strftime(pattern).isdecimal():
        texts = texts.str.replace(r"\.0+$", "")  # pandas makes floats of numbers beside a missing one
    for candidate in (pattern,) if pattern else _FORMATS:
        if moments.null_count() == values.null_count():
            break
        moments = moments.fill_null(strptime(texts, candidate))
    return moments


def strptime(texts: pl.Series, pattern: str) -> pl.Series:
    """Datetime[us] of texts in the form of a pattern, in UTC, without a zone; null for the others.

    A pattern may have no time of day, and hours without minutes, which chrono does not read by itself.
    """
    import polars as pl

    if _HOUR.search(pattern) and not _MINUTE.search(pattern):
        texts, pattern = texts + ":00", pattern + ":%M"
    if not any(sign in pattern for sign in ("%H", "%I", "%T", "%R", "%+", "%s", "%c", "%r", "%X")):
        return texts.str.to_date(pattern, strict=False).cast(pl.Datetime("us"))
    moments = texts.str.to_datetime(pattern, time_unit="us", strict=False)
    if isinstance(moments.dtype, pl.Datetime) and moments.dtype.time_zone:
        return moments.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
    return moments


def reads_years(pattern: str) -> bool:
    """Whether a strptime pattern is one, and times that are written in it say their year."""
    import polars as pl

    moment = pl.Series([_SAMPLE]).dt.replace_time_zone("UTC")
    try:
        found = strptime(moment.dt.strftime(pattern.replace("%#z", "%z")), pattern)[
            0
        ]  # the former is for reading alone
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException):
        return False
    return isinstance(found, datetime) and found.year == _SAMPLE.year


def _from_epoch(numbers: pl.Series, unit: TimeUnit) -> pl.Series:
    import polars as pl

    value, size = pl.col("value"), pl.col("value").abs()
    factor = pl.lit(_MICROSECONDS.get(unit, 1.0))
    if unit in ("auto", "text"):
        factor = (
            pl.when(size < _LEAST_EPOCH).then(None).when(size < 1e11).then(1e6)
            .when(size < 1e14).then(1e3).when(size < 1e17).then(1.0).otherwise(1e-3)
        )  # fmt: skip
    moment = (value * factor).round().cast(pl.Int64, strict=False).cast(pl.Datetime("us"))
    return numbers.rename("value").to_frame().select(moment.alias(numbers.name)).to_series()


def _plausible(moments: pl.Series) -> pl.Series:
    import polars as pl

    epoch = moments.to_physical()
    inside = (epoch >= _EARLIEST) & (epoch < _LATEST)
    return moments.to_frame("t").select(pl.when(inside).then("t").alias(moments.name)).to_series()
