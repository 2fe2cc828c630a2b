from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl

from feature_repo.offline.columns import CREATED, EVENT_TIME, PRESENT
from feature_repo.offline.versions import changed_versions, joined, latest, remembered

MONDAY = datetime(2026, 1, 5, tzinfo=UTC)
DAY = timedelta(days=1)


def rows(**columns: list[object]) -> pl.DataFrame:
    return pl.DataFrame({"id": [1, 2, 3], **columns})


def first() -> pl.DataFrame:
    frame = rows(x=[1.0, float("nan"), None], tags=[["a"], [], None])
    return changed_versions(None, frame, "id", MONDAY, MONDAY)


def test_at_first_everything_is_new() -> None:
    versions = first()
    assert versions.columns == ["id", "x", "tags", PRESENT, EVENT_TIME, CREATED]
    assert versions[PRESENT].to_list() == [True, True, True]
    assert versions[EVENT_TIME].to_list() == [MONDAY] * 3


def test_the_same_rows_are_no_change() -> None:
    again = rows(x=[1.0, float("nan"), None], tags=[["a"], [], None])
    assert changed_versions(first(), again, "id", MONDAY + DAY, MONDAY + DAY).is_empty()


def test_only_what_differs_is_a_new_version() -> None:
    frame = rows(x=[1.0, float("nan"), 5.0], tags=[["b"], [], None])
    changed = changed_versions(first(), frame, "id", MONDAY + DAY, MONDAY + DAY)
    assert changed.select("id", EVENT_TIME).rows() == [(1, MONDAY + DAY), (3, MONDAY + DAY)]


def test_a_row_that_is_gone_says_so_once() -> None:
    left = rows(x=[1.0, float("nan"), None], tags=[["a"], [], None]).head(2)
    gone = changed_versions(first(), left, "id", MONDAY + DAY, MONDAY + DAY)
    assert gone.rows() == [(3, None, None, False, MONDAY + DAY, MONDAY + DAY)]
    known = latest(pl.concat([first(), gone]), "id")
    assert changed_versions(known, left, "id", MONDAY + 2 * DAY, MONDAY + 2 * DAY).is_empty()
    back = rows(x=[1.0, float("nan"), None], tags=[["a"], [], None])
    assert changed_versions(known, back, "id", MONDAY + 2 * DAY, MONDAY)["id"].to_list() == [3]


def test_a_new_version_is_younger_even_when_the_snapshot_is_not() -> None:
    frame = rows(x=[9.0, float("nan"), None], tags=[["a"], [], None])
    changed = changed_versions(first(), frame, "id", MONDAY - DAY, MONDAY + DAY)
    assert changed[EVENT_TIME].to_list() == [MONDAY + timedelta(seconds=1)]


def test_other_columns_make_every_row_new() -> None:
    frame = rows(x=[1.0, float("nan"), None], colour=["r", "g", "b"])
    changed = changed_versions(first(), frame, "id", MONDAY + DAY, MONDAY + DAY)
    assert changed.height == 3
    both = joined(first(), changed, "id")
    assert both.columns == changed.columns
    assert both["colour"].null_count() == 3
    assert latest(both, "id")["colour"].null_count() == 0


def test_ids_of_another_type_are_other_entities() -> None:
    other = changed_versions(None, pl.DataFrame({"id": ["1"], "x": [1.0]}), "id", MONDAY, MONDAY)
    assert joined(first(), other, "id").equals(other)


def test_replaced_versions_are_forgotten_after_a_while_and_the_newest_never() -> None:
    changed = changed_versions(
        first(), rows(x=[2.0, float("nan"), None], tags=[["a"], [], None]), "id", MONDAY + DAY, MONDAY + DAY
    )
    both = pl.concat([first(), changed])
    assert remembered(both, "id", MONDAY).height == 4
    kept = remembered(both, "id", MONDAY + 2 * DAY)
    assert kept.height == 3
    assert kept.equals(latest(both, "id").sort(EVENT_TIME, CREATED, "id"))
