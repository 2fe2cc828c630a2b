"""Whatever becomes of the files: what is kept is what they hold, and what files held that are gone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ops_gpu.logs import LogError, loading
from ops_gpu.logs.files.file_part import FilePart
from recsys_assets.blueprint.blueprint import Blueprint
from recsys_assets.blueprint.read_days import ReadDays
from recsys_assets.component.locations import blueprints
from recsys_assets.metadata.reading import reading_notes
from recsys_assets.tables.changed_days import ChangedDays
from recsys_assets.tables.day_reading import DayReading
from resources.home import Home
from tests.conftest import FIRST_DAY, YAML, write_day

HEADER = "user,item,time,stars\n"
DAYS = [FIRST_DAY + timedelta(days=number) for number in range(4)]
Row = tuple[date, int]
"""Day and minute of an event, which tell it from all others."""


@pytest.fixture(autouse=True, params=[1, loading.AT_ONCE], ids=["by days", "at once"])
def stretches(request: pytest.FixtureRequest) -> Iterator[None]:
    """Whatever is read together, it is kept the same."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(loading, "AT_ONCE", request.param)
        yield


def read(blueprint: Blueprint, drop: bool = False) -> DayReading:
    """Reads what a sensor would ask for: all days from the first to the last one that must be read."""
    log = blueprint.log_days()
    known = ReadDays.of_before(blueprint.home, blueprint.name, log.files, blueprint.place)
    due = ChangedDays(log, known, blueprint.place, drop).days()
    days = [day for day in DAYS if due and due[0] <= day <= due[-1]]
    reading = DayReading.of(blueprint, days, drop)
    if days:
        reading.write()
    return reading


def kept(blueprint: Blueprint) -> set[Row]:
    files = list(blueprint.home.interactions_folder(blueprint.name).glob("*.parquet"))
    found = pl.concat([pl.read_parquet(file) for file in files])
    assert found.height == found.select("timestamp").n_unique()  # none twice
    return {(moment.date(), moment.hour * 60 + moment.minute) for moment in found["timestamp"]}


@dataclass
class Folder:
    """A folder of files, and what must be kept of them: each event with the file that it was read from last."""

    path: Path
    files: dict[str, set[Row]] = field(default_factory=dict)
    known: dict[Row, str] = field(default_factory=dict)

    def write(self, name: str, rows: set[Row]) -> None:
        self.files[name] = rows
        moments = [(minute, f"{day}T{minute // 60:02}:{minute % 60:02}:00") for day, minute in sorted(rows)]
        lines = [f"{1 + minute % 8},{1 + minute % 5},{moment},5\n" for minute, moment in moments]
        (self.path / name).write_text(HEADER + "".join(lines))

    def remove(self, name: str) -> None:
        if len(self.files) > 1 and self.files.pop(name, None) is not None:
            (self.path / name).unlink()

    def rename(self, name: str, other: str) -> None:
        if name in self.files and other not in self.files:
            self.files[other] = self.files.pop(name)
            (self.path / name).rename(self.path / other)

    def read(self, days: set[date], drop: bool) -> set[Row]:
        """What must be kept after these days were read: what files hold, and what files held that are gone."""
        there = {row: name for name, rows in self.files.items() for row in rows}
        gone = {} if drop else {row: name for row, name in self.known.items() if name not in self.files}
        now = {row: name for row, name in (gone | there).items() if row[0] in days}
        self.known = {row: name for row, name in self.known.items() if row[0] not in days} | now
        assert set(there) <= set(self.known)  # otherwise a day was left out that is another one now
        return set(self.known)


ROWS = st.sets(st.tuples(st.sampled_from(DAYS), st.integers(0, 1439)), min_size=1, max_size=4)
NAMES = st.sampled_from(["a.csv", "b.csv", "c.csv"])
STEPS = st.one_of(
    st.tuples(st.just("write"), NAMES, ROWS),
    st.tuples(st.just("grow"), NAMES, ROWS),
    st.tuples(st.just("remove"), NAMES),
    st.tuples(st.just("rename"), NAMES, NAMES),
    st.tuples(st.just("move rows"), NAMES, NAMES),
    st.tuples(st.just("forget"), st.booleans()),
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEPS, min_size=1, max_size=8))
def test_days_are_those_of_the_files_whatever_becomes_of_them(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple]
) -> None:
    base = tmp_path_factory.mktemp("case")
    (base / "shop" / "logs").mkdir(parents=True)
    (base / "shop" / "defs.yaml").write_text(YAML + f"  start: {DAYS[0]}\n  end: {DAYS[-1] + timedelta(days=1)}\n")
    write_items(base / "shop")
    folder = Folder(base / "shop" / "logs")
    folder.write("first.csv", {(DAYS[1], 5)})
    (blueprint,) = blueprints(base / "shop", Home.at(base / "home"))
    folder.read(set(read(blueprint).days), drop=False)
    for step in steps:
        change(folder, step)
        drop = step[0] == "forget" and bool(step[1])
        reading = read(blueprint, drop)
        assert kept(blueprint) == folder.read(set(reading.days), drop)
        assert not read(blueprint, drop).days  # what was read once is known
        there = {row for rows in folder.files.values() for row in rows}
        gone = len(set(folder.known) - there)
        assert f"{gone:,} events of" in " ".join(reading_notes(reading)) or not gone


def change(folder: Folder, step: tuple) -> None:
    """One thing that may become of files; no row is ever in two of them."""
    kind, name, *more = step
    elsewhere = {row for other, rows in folder.files.items() if other != name for row in rows}
    mine = folder.files.get(str(name), set())
    if kind == "write":
        folder.write(name, more[0] - elsewhere or mine or {(DAYS[0], 1439)} - elsewhere)
    elif kind == "grow":
        folder.write(name, mine | (more[0] - elsewhere))
    elif kind == "remove":
        folder.remove(name)
    elif kind == "rename":
        folder.rename(name, more[0])
    elif kind == "move rows" and mine and name != more[0]:
        moved = set(sorted(mine)[: len(mine) // 2])
        folder.write(name, mine - moved)
        folder.write(more[0], folder.files.get(more[0], set()) | moved)


def write_items(folder: Path) -> None:
    (folder / "items.csv").write_text("item,name,kind\n1,a,x\n")


def plan_of(shop: Path, home: Home) -> Blueprint:
    return blueprints(shop, home)[0]


def test_rows_ahead_of_now_are_left_out_and_named(shop: Path, home: Home) -> None:
    log = shop / "logs" / "2024-01-03.csv"
    ahead = datetime.now(UTC).date() + timedelta(days=10)
    log.write_text(log.read_text() + f"1,1,{ahead}T08:00:00,5\n")
    reading = DayReading.of(plan_of(shop, home), DAYS[:3], drop=False)
    assert reading.events.collect().height == 60
    assert reading_notes(reading) == [f"1 row of {ahead} in '{log}' left out: this day lies ahead of now."]


def test_a_row_of_tomorrow_is_an_event_and_the_bound_is_a_setting(shop: Path, home: Home) -> None:
    tomorrow = datetime.now(UTC) + timedelta(hours=20)
    log = write_day(shop, FIRST_DAY)
    log.write_text(log.read_text() + f"1,1,{tomorrow:%Y-%m-%dT%H:%M:%S},5\n")
    assert tomorrow.date() in plan_of(shop, home).log_days().days
    (shop / "defs.yaml").write_text(YAML + "  quality: {max_days_ahead: 0}\n")
    assert (tomorrow.date() in plan_of(shop, home).log_days().days) == (tomorrow.date() == datetime.now(UTC).date())


@pytest.mark.parametrize(
    ("moment", "why"),
    [("1970-01-01T00:00:00", "lies years before all other days"), ("2099-12-31T00:00:00", "lies ahead of now")],
)
def test_a_sentinel_makes_no_days_and_is_named(shop: Path, home: Home, moment: str, why: str) -> None:
    log = shop / "logs" / "2024-01-02.csv"
    log.write_text(log.read_text() + f"1,1,{moment},5\n")
    blueprint = plan_of(shop, home)
    assert blueprint.partitions.get_first_partition_key() == "2024-01-01"
    assert blueprint.span() == (DAYS[0], DAYS[2])
    (note,) = reading_notes(DayReading.of(blueprint, DAYS[:3], drop=False))
    assert f"1 row of {moment[:10]} in '{log}' left out: this day {why}" in note


def test_a_day_that_was_kept_and_lies_ahead_goes_by_itself(shop: Path, home: Home) -> None:
    blueprint = plan_of(shop, home)
    read(blueprint)
    ahead = datetime.now(UTC).date() + timedelta(days=300)
    for path in (home.interactions("shop", ahead), home.statistics("shop", ahead), home.features("shop", ahead)):
        path.parent.mkdir(parents=True, exist_ok=True)
    pl.read_parquet(home.interactions("shop", DAYS[0])).write_parquet(home.interactions("shop", ahead))
    (home.interactions_folder("shop") / "days.json").unlink()  # as a version of before has left it
    assert plan_of(shop, home).span() == (DAYS[0], DAYS[2])
    reading = DayReading.of(plan_of(shop, home), DAYS[:3], drop=False)
    assert f"{ahead} of before removed" in reading_notes(reading)[-1]
    reading.write()
    assert not home.interactions("shop", ahead).exists()
    assert ahead not in ReadDays.load(home, "shop")


def test_an_edited_label_of_a_file_that_is_there_counts_and_kept_events_stay_beside_it(shop: Path, home: Home) -> None:
    blueprint = plan_of(shop, home)
    read(blueprint)
    first = shop / "logs" / "2024-01-01.csv"
    second = shop / "logs" / "2024-01-01-late.csv"
    second.write_text(HEADER + "1,1,2024-01-01T20:00:00,1\n")
    read(blueprint)
    first.unlink()
    second.write_text(HEADER + "1,1,2024-01-01T20:00:00,5\n")
    reading = read(blueprint)
    assert reading.days[DAYS[0]].kept == 20
    found = pl.read_parquet(home.interactions("shop", DAYS[0]))
    assert found.height == 21
    assert found.filter(pl.col("__file__") == "logs/2024-01-01-late.csv")["label"].to_list() == [True]


def test_a_file_that_is_packed_under_another_name_is_the_same(shop: Path, home: Home) -> None:
    import gzip

    yaml = shop / "defs.yaml"
    yaml.write_text(yaml.read_text().replace("logs/*.csv", "logs/*.csv*"))
    blueprint = plan_of(shop, home)
    read(blueprint)
    file = shop / "logs" / "2024-01-01.csv"
    (shop / "logs" / "2024-01-01.csv.gz").write_bytes(gzip.compress(file.read_bytes()))
    file.unlink()
    reading = read(blueprint)
    assert not reading.days
    assert not reading_notes(reading)


def test_kept_events_whose_ids_are_of_another_type_are_told(shop: Path, home: Home) -> None:
    read(plan_of(shop, home))
    path = home.interactions("shop", DAYS[0])
    pl.read_parquet(path).with_columns(user_id=pl.format("u{}", "user_id")).write_parquet(path)
    (shop / "logs" / "2024-01-01.csv").unlink()
    with pytest.raises(
        ValueError, match=r"events of 2024-01-01 are kept, whose file is gone, with a user_id of type Str"
    ):
        DayReading.of(plan_of(shop, home), DAYS[:3], drop=False)
    assert DayReading.of(plan_of(shop, home), DAYS[:3], drop=True).days[DAYS[0]].rows == 0


def as_before(home: Home) -> None:
    """A home as a version of before has left it: no account of the files, and events that do not tell theirs."""
    (home.interactions_folder("shop") / "days.json").unlink()
    for path in home.interactions_folder("shop").glob("*.parquet"):
        pl.read_parquet(path).drop("__file__").write_parquet(path)


def events(home: Home) -> list[int]:
    return [pl.read_parquet(home.interactions("shop", day)).height for day in DAYS[:3]]


@pytest.mark.parametrize("rotated", ["before the upgrade", "after it", "after other days were read"])
def test_events_of_a_version_of_before_stay_when_their_files_go(shop: Path, home: Home, rotated: str) -> None:
    late = shop / "logs" / "2024-01-01-late.csv"
    late.write_text(HEADER + "1,1,2024-01-01T20:00:00,5\n")
    read(plan_of(shop, home))
    as_before(home)
    if rotated == "after other days were read":
        DayReading.of(plan_of(shop, home), DAYS[2:3], drop=False).write()
    if rotated != "before the upgrade":
        DayReading.of(plan_of(shop, home), DAYS[1:3], drop=False).write()
    (shop / "logs" / "2024-01-01.csv").unlink()
    for _ in range(3):  # what is kept tells no file, and is kept all the same
        blueprint = plan_of(shop, home)
        assert blueprint.span() == (DAYS[0], DAYS[2])
        reading = DayReading.of(blueprint, DAYS[:3], drop=False)
        assert "20 events of 2024-01-01 are kept, whose files are gone" in reading_notes(reading)[0]
        assert reading.changes.gone_days() == {DAYS[0]: 20}
        reading.write()
        assert events(home) == [21, 20, 20]
    late.unlink()
    DayReading.of(plan_of(shop, home), DAYS[:3], drop=False).write()
    assert events(home) == [21, 20, 20]
    DayReading.of(plan_of(shop, home), DAYS[:3], drop=True).write()
    assert events(home) == [0, 20, 20]


def test_the_newest_day_of_a_version_of_before_is_read_once_more(shop: Path, home: Home) -> None:
    read(plan_of(shop, home))
    as_before(home)
    log = shop / "logs" / "2024-01-03.csv"
    log.write_text(log.read_text() + "1,1,2024-01-03T22:00:00,5\n")
    assert list(read(plan_of(shop, home)).days) == [DAYS[2]]
    assert events(home) == [20, 20, 21]
    assert not read(plan_of(shop, home)).days


def no_space(*_: object) -> None:
    raise OSError("No space left on device")


def test_a_sentinel_takes_no_day_with_it_whose_file_is_gone(shop: Path, home: Home) -> None:
    read(plan_of(shop, home))
    for day in DAYS[:2]:
        (shop / "logs" / f"{day}.csv").unlink()
    log = shop / "logs" / "2024-01-03.csv"
    log.write_text(log.read_text() + "1,1,1970-01-01T00:00:00,5\n")
    reading = read(plan_of(shop, home))
    assert events(home) == [20, 20, 20]
    assert "1 row of 1970-01-01" in reading_notes(reading)[0]


@pytest.mark.parametrize("lost", ["gone", "damaged"])
@pytest.mark.parametrize("cut_off", [False, True], ids=["written", "cut off"])
def test_days_that_a_wrong_clock_takes_for_later_ones_come_back(
    shop: Path, home: Home, monkeypatch: pytest.MonkeyPatch, lost: str, cut_off: bool
) -> None:
    read(plan_of(shop, home))
    file = shop / "logs" / "2024-01-03.csv"
    file.unlink()
    if lost == "damaged":
        file.write_bytes(b"\x00\x01\xff broken")
    with monkeypatch.context() as wrong:
        wrong.setattr("recsys_assets.blueprint.blueprint.latest", lambda _: datetime(2024, 1, 2, 12))
        reading = DayReading.of(plan_of(shop, home), DAYS[:2], drop=False)
        assert "2024-01-03 of before removed" in reading_notes(reading)[-1]
        if cut_off:
            with monkeypatch.context() as power, pytest.raises(OSError, match="No space"):
                power.setattr(ReadDays, "save", no_space)
                reading.write()
            reading = DayReading.of(plan_of(shop, home), DAYS[:2], drop=False)
        reading.write()
        assert not home.interactions("shop", DAYS[2]).exists()
        assert DAYS[2] not in ReadDays.load(home, "shop")
    file.unlink(missing_ok=True)
    DayReading.of(plan_of(shop, home), DAYS[:3], drop=False).write()
    assert events(home) == [20, 20, 20]
    assert not list((home.interactions_folder("shop") / "outside").iterdir())
    DayReading.of(plan_of(shop, home), DAYS[:3], drop=False).write()
    assert events(home) == [20, 20, 20]


def test_events_of_a_file_that_is_damaged_for_a_while_stay(shop: Path, home: Home) -> None:
    first, second = (shop / "logs" / f"{day}.csv" for day in DAYS[:2])
    first.write_text(first.read_text() + "5,5,2024-01-02T00:00:30,5\n")  # past midnight
    read(plan_of(shop, home))
    first.write_bytes(b"\x00\x01\xff broken")
    second.write_text(second.read_text() + "6,6,2024-01-02T23:00:00,5\n")
    reading = DayReading.of(plan_of(shop, home), DAYS[1:2], drop=True)
    assert not reading_notes(reading)  # it is not gone
    reading.write()
    assert events(home) == [20, 22, 20]
    first.unlink()
    DayReading.of(plan_of(shop, home), DAYS[:3], drop=False).write()
    assert events(home) == [20, 22, 20]


def test_an_event_that_happened_twice_stays_twice(shop: Path, home: Home) -> None:
    late = shop / "logs" / "2024-01-01-late.csv"
    late.write_text((shop / "logs" / "2024-01-01.csv").read_text())
    read(plan_of(shop, home))
    late.unlink()
    for _ in range(2):
        DayReading.of(plan_of(shop, home), DAYS[:3], drop=False).write()
        assert events(home) == [40, 20, 20]


def test_a_damaged_account_is_named_with_the_way_out(shop: Path, home: Home) -> None:
    read(plan_of(shop, home))
    account = home.interactions_folder("shop") / "days.json"
    for text in ("{", '{"2024-01-01": {"rows": 1, "moons": 2}}', "[1]"):
        account.write_text(text)
        blueprint = plan_of(shop, home)
        assert blueprint.problem is not None
        assert f"{account} is damaged" in blueprint.problem and "remove it" in blueprint.problem
    account.unlink()
    assert plan_of(shop, home).problem is None


def test_one_stretch_at_a_time_is_held(shop: Path, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    at_once, collected, collect = loading.AT_ONCE, list[int](), loading.collect

    def counted(*arguments: Any, **named: Any) -> tuple[pl.DataFrame, dict[str, Any]]:
        rows, report = collect(*arguments, **named)
        collected.append(rows.height)
        return rows, report

    monkeypatch.setattr(loading, "collect", counted)
    reading = DayReading.of(plan_of(shop, home), DAYS[:3], drop=False)
    assert collected == ([20, 20, 20] if at_once == 1 else [60])
    assert [reading.counted[day]["events"] for day in DAYS[:3]] == [20, 20, 20]


def test_what_fails_in_a_later_stretch_leaves_all_as_it_was(
    shop: Path, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    read(plan_of(shop, home))
    folder = home.interactions_folder("shop")
    before = {path: path.read_bytes() for path in folder.iterdir()}
    for day in DAYS[:3]:
        write_day(shop, day, rows=25)
    blueprint = plan_of(shop, home)
    look = FilePart.read

    def gone(part: FilePart, *arguments: Any) -> Any:
        if "2024-01-03" in part.file.path:
            Path(part.file.path).unlink(missing_ok=True)  # rotated away while the log is read
        return look(part, *arguments)

    monkeypatch.setattr(FilePart, "read", gone)
    with pytest.raises(LogError):
        DayReading.of(blueprint, DAYS[:3], drop=False)
    assert {path: path.read_bytes() for path in folder.iterdir()} == before
