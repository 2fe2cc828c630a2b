from __future__ import annotations

from datetime import datetime
from typing import Any

import polars as pl
import pytest

from ops_gpu.logs.errors.log_error import LogError
from ops_gpu.logs.files.source import LogSource
from ops_gpu.logs.interactions import InteractionLog
from ops_gpu.logs.units import read_times

SECONDS = [1_767_261_211, 1_767_347_611]


def log(unit: Any) -> InteractionLog:
    return InteractionLog(LogSource("f.csv"), user="u", item="i", time="t", time_unit=unit)


@pytest.mark.parametrize(
    ("values", "unit"),
    [
        (pl.Series("t", SECONDS), "ms"),
        (pl.Series("t", [str(value) for value in SECONDS]), "ms"),
        (pl.Series("t", [None, *SECONDS]), "us"),
        (pl.Series("t", [value * 1000 for value in SECONDS]), "ns"),
    ],
)
def test_a_unit_that_puts_all_events_into_1970_is_refused(values: pl.Series, unit: str) -> None:
    with pytest.raises(LogError, match=rf"'f.csv' has its events in 1970 .* 't' .*{unit}, but in 2026 .*time_unit"):
        read_times(values, log(unit), "f.csv")


@pytest.mark.parametrize(
    ("values", "unit", "first"),
    [
        (pl.Series("t", SECONDS), "s", datetime(2026, 1, 1, 9, 53, 31)),
        (pl.Series("t", SECONDS), "auto", datetime(2026, 1, 1, 9, 53, 31)),
        # Times that count from zero have no size to tell by.
        (pl.Series("t", [0, 60, 86_400]), "s", datetime(1970, 1, 1)),
        (pl.Series("t", [None, None], dtype=pl.Int64), "ms", None),
        (pl.Series("t", [], dtype=pl.Int64), "ms", None),
    ],
)
def test_other_times_pass(values: pl.Series, unit: str, first: datetime | None) -> None:
    assert read_times(values, log(unit), "f.csv").min() == first
