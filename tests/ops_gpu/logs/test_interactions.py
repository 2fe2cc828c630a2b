from __future__ import annotations

from typing import Any

import pytest

from ops_gpu.logs import InteractionLog, LogError, LogSource


def log(**settings: Any) -> InteractionLog:
    return InteractionLog(LogSource("x.csv"), user="u", item="i", time="t", **settings)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"time_unit": "minutes"}, "time_unit is 'minutes', expected one of auto, s, ms"),
        ({"user_id_type": "float"}, "user_id_type is 'float'"),
        ({"label": "rating >="}, "label 'rating >=' is not an SQL expression"),
        ({"filters": ["a > 1", "b <"]}, "filter 'b <' is not an SQL expression"),
        ({"categorical": ["label"]}, "'label' has the name of a column that we build"),
        ({"categorical": ["a"], "continuous": ["a"]}, "'a' is listed twice"),
    ],
)
def test_wrong_settings_are_told_before_any_file_is_opened(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(LogError, match=said):
        log(**settings)


def test_raw_columns_are_all_that_reading_needs() -> None:
    settings = log(label="r > 1", filters="q > 0 AND u IS NOT NULL", unique=["u", "inv"], continuous=["p"])
    assert settings.raw_columns == ["u", "i", "t", "q", "r", "inv", "p"]


@pytest.mark.parametrize(
    "pattern",
    ["", "%", "%Q", "hello", "%H:%M", "%d%m", "%%", "%Y-%m-%d %I:%M"],
    ids=["nothing", "sign", "unknown", "words", "no day", "no year", "percent", "half a day"],
)
def test_a_time_format_that_reads_no_time_is_told_with_its_key(pattern: str) -> None:
    with pytest.raises(LogError, match=r"time_format is '.*', expected a strptime pattern that reads a year") as raised:
        log(time_format=pattern)
    assert raised.value.keys == ("time_format",)


PATTERNS = (
    "%Y-%m-%d", "%d.%m.%Y %H:%M", "%Y%m%d%H", "%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S%#z", "%m/%d/%Y %I:%M:%S %p",
    "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.3fZ", "%+", "%s", "%Y%j", "%G-W%V-%u", "%d%m%y%H%M", "%c", "%F %T",
    "%a, %d %b %Y %H:%M:%S GMT", "%Y%m%d%H%M%S%6f", "%-d/%-m/%y", "%Y-%m-%d %H:%M:%S %Z", "%Y-%m",
)  # fmt: skip


@pytest.mark.parametrize("pattern", PATTERNS, ids=[f"form {number}" for number in range(len(PATTERNS))])
def test_a_time_format_that_reads_times_is_taken(pattern: str) -> None:
    assert log(time_format=pattern).time_format == pattern
