from __future__ import annotations

import json

import polars as pl
import pytest

from ops_gpu.logs.values.known_ids import KnownIds

APART: dict[str, tuple[list[str], list[str], str | None]] = {
    "zeros": (["1", "2", "3"], ["0001", "0002", "0003"], "leading zeros"),
    "negative zeros": (["-1", "-2"], ["-01", "-02"], "leading zeros"),
    "blanks": (["1", "2"], [" 1", "2 "], "blanks around"),
    "carriage returns": (["10", "11"], ["10\r", "11\r"], "a carriage return or line feed at the end"),
    "capitals": (["ab", "cd"], ["AB", "cD"], "capitals"),
    "decimals": (["1", "2"], ["1.0", "2.00"], "decimals, such as 17.0 for 17"),
    "quotes": (["1", "2"], ['"1"', "'2'"], "quotes around"),
    "prefix": (["1", "2"], ["user_1", "user_2"], "letters or signs before or behind the number"),
    "others": (["x", "y"], ["p", "q"], None),
}


@pytest.mark.parametrize(("log", "table", "likely"), APART.values(), ids=APART.keys())
def test_what_sets_ids_apart_is_seen(log: list[str], table: list[str], likely: str | None) -> None:
    for left, right in ((log, table), (table, log)):
        found = KnownIds.of(pl.Series(left), pl.Series(right))
        assert (found.known, found.share, found.likely) == (0, 0.0, likely)
        assert found.only_log == [repr(value) for value in sorted(left)]
        assert found.only_table == [repr(value) for value in sorted(right)]
        assert KnownIds.from_dict(json.loads(json.dumps(found.to_dict()))) == found


def test_some_meet() -> None:
    found = KnownIds.of(pl.Series([1, 2, 3, 4]), pl.Series([9, 2, 1, 8, 7, 6]))
    assert (found.of_log, found.known, found.share, found.likely) == (4, 2, 0.5, None)
    assert (found.only_log, found.only_table) == (["3", "4"], ["6", "7", "8"])


def test_an_empty_log_lacks_nothing() -> None:
    assert KnownIds.of(pl.Series([], dtype=pl.String), pl.Series(["a"])).share == 1.0
    assert KnownIds.of(pl.Series(["a"]), pl.Series([], dtype=pl.String)).share == 0.0


def test_long_ids_are_cut() -> None:
    (shown,) = KnownIds.of(pl.Series(["x" * 250]), pl.Series(["a"])).only_log
    assert len(shown) < 110


def test_where_nearly_all_meet_no_reading_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> str:
        raise AssertionError

    monkeypatch.setattr("ops_gpu.logs.values.known_ids._likely", refused)
    log = pl.Series(range(100))
    found = KnownIds.of(log, pl.Series(range(5, 200)))
    assert (found.known, found.likely, found.only_log) == (95, None, ["0", "1", "2"])
