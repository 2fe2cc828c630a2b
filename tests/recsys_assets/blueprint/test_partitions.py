from __future__ import annotations

from datetime import date, datetime

from recsys_assets.blueprint.partitions import day_partitions, served_partitions

FIRST, LAST = date(2024, 1, 1), date(2024, 3, 30)


def keys(today: date, start: date | None = None, end: date | None = None) -> tuple[str, str]:
    days = day_partitions(FIRST, LAST, start, end, today)
    found = days.get_partition_keys(current_time=datetime(today.year, today.month, today.day))
    return found[0], found[-1]


def test_a_log_that_is_still_written_is_open_until_yesterday() -> None:
    assert keys(today=date(2024, 5, 1)) == ("2024-01-01", "2024-04-30")


def test_a_log_that_has_stopped_ends_with_its_last_event() -> None:
    assert keys(today=date(2030, 1, 1)) == ("2024-01-01", "2024-03-30")


def test_given_dates_hold_and_the_end_is_excluded() -> None:
    assert keys(date(2030, 1, 1), date(2024, 2, 1), date(2024, 2, 3)) == ("2024-02-01", "2024-02-02")


def test_days_of_serving_go_on_and_today_is_one_of_them() -> None:
    days = served_partitions(date(2024, 3, 30))
    assert days.get_partition_keys(current_time=datetime(2024, 4, 1, 0, 1))[-3:] == [
        "2024-03-30",
        "2024-03-31",
        "2024-04-01",
    ]
    assert days.get_partition_keys(current_time=datetime(2024, 3, 30)) == ["2024-03-30"]
