"""Moments written as digits, such as 202401151030, which are numbers like those of an epoch but for what they say."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from ops_gpu.logs.times import strptime

_GLANCE, _MOST = 100, 10_000
"""Values that are looked at first, and distinct ones that are looked at where the former may be such digits."""
_SHARE = 0.9
"""Of them must be moments in one form: a true epoch looks so by chance in less than one case of a hundred."""


@dataclass(frozen=True)
class DigitForm:
    """One way to write a moment as digits alone.

    Args:
        pattern: for strptime.
        digits: how many there are.
        least: distinct values that must be there, so that it is no chance.
    """

    pattern: str
    digits: int
    least: int = 1


_FORMS = (
    DigitForm("%Y%m%d", 8),
    DigitForm("%Y%m%d%H", 10),
    DigitForm("%Y%m%d%H%M", 12),
    DigitForm("%Y%m%d%H%M%S", 14),
    DigitForm("%Y%m%d%H%M%S%3f", 17),
    DigitForm("%Y%m%d%H%M%S%6f", 20),
    # Seconds of these years, and milliseconds of the past century, begin with the two digits of a year as well.
    DigitForm("%y%m%d%H%M", 10, least=10),
    DigitForm("%y%m%d%H%M%S", 12, least=10),
)
_LENGTHS = sorted({form.digits for form in _FORMS})
_FIRST, _LAST = 1970, 2099


def digit_form(values: pl.Series) -> DigitForm | None:
    """The form in which the times of a column are written as digits; None where they are no such digits.

    The column as a whole decides. Months from 1 to 12, days that the month has, hours up to 23: of a hundred numbers
    as long as such a moment, at most one is one, so that a column of an epoch is not taken for it.

    Args:
        values: numbers or text.
    """
    first = _digits(values.drop_nulls().head(_GLANCE))
    if first is None or not first.str.len_bytes().is_in(_LENGTHS).any():
        return None
    distinct = _digits(values.unique(maintain_order=True).head(_MOST))
    assert distinct is not None  # of the same type
    for form in _FORMS:
        same = distinct.filter(distinct.str.len_bytes() == form.digits)
        if len(same) < max(form.least, _SHARE * len(distinct)):
            continue
        moments = strptime(same, form.pattern)
        valid = moments.dt.year().is_between(_FIRST, _LAST).sum()
        if valid >= max(form.least, _SHARE * len(distinct)):
            return form
    return None


def _digits(values: pl.Series) -> pl.Series | None:
    """What is there as text, without the fraction that pandas gives to whole numbers; None for other types."""
    if values.dtype.is_float():
        whole = values.filter(values.is_finite() & (values == values.floor()))
        return whole.cast(pl.Int128, strict=False).drop_nulls().cast(pl.String)
    if values.dtype.is_integer():
        return values.drop_nulls().cast(pl.String)
    if values.dtype != pl.String:
        return None
    texts = values.drop_nulls().str.strip_chars().str.replace(r"\.0+$", "")
    return texts.filter(texts != "")
