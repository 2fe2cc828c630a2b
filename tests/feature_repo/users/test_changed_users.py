"""What is published day by day is what would be published at once."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feature_repo.offline.id_range import IdRange, id_ranges
from feature_repo.repository import FeatureRepository
from feature_repo.settings import StoreSettings
from feature_repo.users.changed_users import ChangedUsers
from feature_repo.users.published_days import DAYS as NOTE
from feature_repo.users.published_days import MOST, added_days, notes_of, pushed_then
from feature_repo.users.user_lists import lists_of_log
from feature_repo.users.user_state import user_state
from resources.feature_parity import count_mismatches

FIRST = datetime(2026, 1, 1)
EVENT = st.tuples(st.integers(1, 6), st.sampled_from("abc"), st.integers(0, 86_399), st.booleans())
TABLE = st.dictionaries(st.integers(1, 6), st.one_of(st.none(), st.sampled_from(["FR", "DE"])))
Day = tuple[list[tuple[int, str, int, bool]], dict[int, str | None]]
DAYS = st.lists(st.tuples(st.lists(EVENT, max_size=6), TABLE), min_size=2, max_size=4)
SCHEMA = {"user_id": pl.Int64, "item_id": pl.String, "at": pl.Int64, "label": pl.Boolean}


def events(day: int, rows: list[tuple[int, str, int, bool]]) -> pl.DataFrame:
    frame = pl.DataFrame(sorted(rows, key=lambda row: row[2]), schema=SCHEMA, orient="row")
    midnight = FIRST + timedelta(day)
    moment = pl.lit(midnight) + pl.duration(seconds="at")
    return frame.with_columns(timestamp=moment.cast(pl.Datetime("us"))).drop("at")


def table(countries: dict[int, str | None]) -> pl.DataFrame:
    columns = {"user_id": list(countries), "country": list(countries.values())}
    return pl.DataFrame(columns, schema={"user_id": pl.Int64, "country": pl.String})


def now(repository: FeatureRepository) -> pl.DataFrame:
    columns = ["user_id", "country", "history_item", "history_count", "history_last", "history_positive", "present"]
    return repository.newest("users", columns).filter("present").sort("user_id")


@settings(max_examples=25, deadline=None)
@given(days=DAYS, again=st.lists(st.integers(1, 6), unique=True, max_size=2), at_once=st.sampled_from([1, 2, 9]))
def test_day_by_day_is_as_at_once(days: list[Day], again: list[int], at_once: int) -> None:
    with TemporaryDirectory() as place:
        grown, whole = (FeatureRepository(Path(place, name), name, StoreSettings()) for name in ("grown", "whole"))
        for number, (_, people) in enumerate(days):
            log = pl.concat([events(day, rows) for day, (rows, _) in enumerate(days[: number + 1])]).lazy()
            users, as_of = table(people), FIRST + timedelta(number + 1)
            state = user_state(users, log)
            if number == 0:
                sizes = state.select("user_id", rows=1)
                parts = [(ids, state.filter(ids.holds("user_id"))) for ids in id_ranges(sizes, "user_id", at_once)]
                grown.write_ranges("users", parts, as_of)
            else:
                added = [(FIRST + timedelta(number)).date()]
                found = ChangedUsers.of(grown, users, log, lists_of_log(log), added, again)
                assert found is not None
                grown.write_some("users", found.ids, found.states, as_of, at_once)
            whole.write("users", state, as_of)
            assert now(grown).equals(now(whole))
            if now(grown).height:
                assert count_mismatches(grown, 100) == 0


def test_who_did_nothing_new_is_not_looked_at(tmp_path: Path) -> None:
    repository = FeatureRepository(tmp_path / "shop", "shop", StoreSettings())
    rows = [(1, "a", 5, True), (2, "a", 6, True)]
    users = table({1: "FR", 2: "DE", 3: None})
    repository.write("users", user_state(users, events(0, rows)), FIRST)
    log = pl.concat([events(0, rows), events(1, [(2, "b", 7, False)])]).lazy()
    users = users.with_columns(country=pl.Series(["FR", "DE", "FR"]))
    found = ChangedUsers.of(repository, users, log, lists_of_log(log), [date(2026, 1, 2)], [])
    assert found is not None
    assert sorted(found.ids) == [2, 3]
    assert found.states(found.ids)["history_item"].to_list() == [["a", "b"], []]
    assert found.states(pl.Series("user_id", [3]))["user_id"].to_list() == [3]


def test_other_columns_are_published_whole(tmp_path: Path) -> None:
    repository = FeatureRepository(tmp_path / "shop", "shop", StoreSettings())
    users, log = table({1: "FR"}), events(0, [(1, "a", 5, True)]).lazy()
    repository.write("users", user_state(users, log), FIRST)
    assert ChangedUsers.of(repository, users, log, lists_of_log(log), [], []) is not None
    assert ChangedUsers.of(repository, users.with_columns(age=3), log, lists_of_log(log), [], []) is None
    assert (
        ChangedUsers.of(
            FeatureRepository(tmp_path / "other", "other", StoreSettings()), users, log, lists_of_log(log), [], []
        )
        is None
    )
    wider, noted = user_state(users.with_columns(age=3), log), repository.notes("users")
    assert noted
    with pytest.raises(ValueError, match="were not written whole in these columns"):
        repository.write_some(
            "users", users["user_id"], lambda ids: wider.filter(pl.col("user_id").is_in(ids)), FIRST, 9
        )
    assert repository.notes("users") == noted and repository.holds("users", user_state(users, log))
    assert now(repository)["history_item"].to_list() == [["a"]], "what was there stays"


def test_an_id_that_is_missing_or_comes_twice_is_refused(tmp_path: Path) -> None:
    repository = FeatureRepository(tmp_path / "shop", "shop", StoreSettings())
    users, log = table({1: "FR"}), events(0, [(1, "a", 5, True)]).lazy()
    repository.write("users", user_state(users, log), FIRST)
    for wrong in (pl.concat([users, users]), pl.concat([users, users.with_columns(user_id=pl.lit(None, pl.Int64))])):
        with pytest.raises(ValueError, match="null or repeated user_id"):
            ChangedUsers.of(repository, wrong, log, lists_of_log(log), [], [])


def test_only_days_that_were_added_go_on() -> None:
    day = date(2026, 1, 1)
    first = {day: "x", day + timedelta(1): "y"}
    notes = notes_of(first, [7])
    assert pushed_then(notes) == [7]
    assert added_days(notes, first) == []
    later = {day + timedelta(number): "z" for number in range(2, MOST + 2)}
    assert added_days(notes, first | later) == list(later)
    assert added_days(notes, first | later | {day - timedelta(1): "late"}) is None, "too many to add one by one"
    assert added_days(notes, first | {day - timedelta(1): "late"}) == [day - timedelta(1)]
    assert added_days(notes, first | {day: "corrected"}) is None
    assert added_days(notes, {day: "x"}) is None, "a day is gone"
    for damaged in ({}, {NOTE: ""}, {NOTE: "["}, {NOTE: "[1]"}):
        assert added_days(damaged, first) is None
        assert pushed_then(damaged) == []


def test_whoever_else_writes_the_source_takes_its_notes_away(tmp_path: Path) -> None:
    repository = FeatureRepository(tmp_path / "shop", "shop", StoreSettings())
    users, log = table({1: "FR"}), events(0, [(1, "a", 5, True)]).lazy()
    noted = notes_of({FIRST.date(): "x"}, [])
    repository.write_ranges("users", [(IdRange(), user_state(users, log))], FIRST, notes=noted)
    assert noted.items() <= repository.notes("users").items()
    repository.write("users", user_state(users, log), FIRST)
    assert added_days(repository.notes("users"), {FIRST.date(): "x"}) is None
