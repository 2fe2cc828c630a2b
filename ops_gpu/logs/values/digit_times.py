"""Moments written as digits, such as 202401151030, which are numbers like those of an epoch but for what they say."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import polars as pl

from ops_gpu.logs.values.times import strptime

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

    @property
    def shortest(self) -> int:
        """Digits that are left where the number has lost a zero at the front."""
        return self.digits if self.pattern.startswith("%Y") else self.digits - 1


# Seconds of these years, and milliseconds of the past century, begin with the digits of a day or of a short year as
# well: where the year has two digits, or stands behind and no minutes follow, there must be ten values.
_FORMS = (
    *(DigitForm("%Y%m%d" + time, 8 + len(time)) for time in ("", "%H", "%H%M", "%H%M%S")),
    DigitForm("%Y%m%d%H%M%S%3f", 17),
    DigitForm("%Y%m%d%H%M%S%6f", 20),
    *(
        DigitForm(day + time, 8 + len(time), least=10 if time == "%H" else 1)
        for day in ("%d%m%Y", "%m%d%Y")
        for time in ("", "%H", "%H%M", "%H%M%S")
    ),
    *(
        DigitForm(day + time, 6 + len(time), least=10)
        for day in ("%y%m%d", "%d%m%y", "%m%d%y")
        for time in ("%H%M", "%H%M%S")
    ),
)
_LENGTHS = sorted({length for form in _FORMS for length in (form.shortest, form.digits)})
_FIRST, _LAST = 1970, 2099


def digit_forms(values: pl.Series) -> list[DigitForm]:
    """The forms in which the times of a column may be written as digits, the most likely first; none for other columns.

    The column as a whole decides. Months from 1 to 12, days that the month has, hours up to 23: of a hundred numbers
    as long as such a moment, at most a few are one, so that a column of an epoch is not taken for it. Of several forms
    the one whose moments lie closest together is the most likely: a day taken for a year scatters them.

    Args:
        values: numbers or text.
    """
    first = _digits(values.drop_nulls().head(_GLANCE))
    if first is None or not first.str.len_bytes().is_in(_LENGTHS).any():
        return []
    forms = [form for form in _FORMS if _span(first, form, 1) is not None]
    distinct = _digits(values.unique(maintain_order=True).head(_MOST)) if forms else None
    if distinct is None:
        return []
    least = _SHARE * len(distinct)
    found = [(span, form) for form in forms if (span := _span(distinct, form, max(form.least, least))) is not None]
    return [form for _, form in sorted(found, key=lambda pair: pair[0])]


def _span(texts: pl.Series, form: DigitForm, least: float) -> timedelta | None:
    """The time between the first and the last moment in a form; None where fewer than `least` texts are in it."""
    same = texts.filter(texts.str.len_bytes().is_between(form.shortest, form.digits)).str.zfill(form.digits)
    if len(same) < least:
        return None
    moments = strptime(same, form.pattern)
    valid = moments.filter(moments.dt.year().is_between(_FIRST, _LAST))
    if len(valid) < least:
        return None
    first, last = valid.min(), valid.max()
    assert isinstance(first, datetime) and isinstance(last, datetime)
    return last - first


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
