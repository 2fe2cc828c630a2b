from __future__ import annotations

import os
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from ops_gpu.interactions.days.day_stamp import CONTENT, content_of, day_stamp

EVENTS = pl.DataFrame(
    {
        "user_id": ["a", None, "longer than twelve letters"],
        "item_id": [1, 2, 3],
        "timestamp": [datetime(2024, 1, 1) + timedelta(hours=hour) for hour in range(3)],
        "label": [True, False, True],
    }
)


def test_content_is_that_of_events_whatever_lies_beside_them_and_however_they_are_held() -> None:
    known = content_of(EVENTS)
    assert known == content_of(EVENTS.with_columns(device=pl.lit("phone"))) and len(known) == 16
    assert known == content_of(pl.concat([EVENTS.head(1), EVENTS.tail(2)]))
    assert known == content_of(pl.concat([EVENTS.tail(2), EVENTS]).tail(3))


@pytest.mark.parametrize("name", EVENTS.columns)
def test_other_events_are_another_content(name: str) -> None:
    other = EVENTS.with_columns(pl.col(name).reverse() if name != "label" else ~pl.col(name))
    assert content_of(other) != content_of(EVENTS)


def test_a_file_says_its_content_and_one_of_a_version_before_when_it_was_written(tmp_path: Path) -> None:
    noted, plain = tmp_path / "noted.parquet", tmp_path / "plain.parquet"
    EVENTS.write_parquet(noted, metadata={CONTENT: content_of(EVENTS)})
    EVENTS.write_parquet(plain)
    before = day_stamp(noted), day_stamp(plain), day_stamp(tmp_path)
    assert before[0] == content_of(EVENTS)
    for path in (noted, plain, tmp_path):
        os.utime(path, (1, 1))
    after = day_stamp(noted), day_stamp(plain), day_stamp(tmp_path)
    assert [one == other for one, other in zip(before, after, strict=True)] == [True, False, False]
    with pytest.raises(FileNotFoundError):
        day_stamp(tmp_path / "none.parquet")
