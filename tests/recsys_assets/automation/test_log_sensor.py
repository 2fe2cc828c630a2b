from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import dagster as dg
import polars as pl
import pytest

from recsys_assets.automation.log_sensor import log_sensor
from recsys_assets.blueprint.blueprint import Blueprint
from recsys_assets.component.locations import blueprints, load
from recsys_assets.component.shared_definitions import shared_definitions
from recsys_assets.tables.source_files import SourceFiles
from resources.home import Home
from tests.conftest import write_day
from tests.recsys_assets.broken_files import BROKEN
from tests.recsys_assets.runs import failure, materialize

SPAN = ("dagster/asset_partition_range_start", "dagster/asset_partition_range_end")


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.instance_for_test() as made:
        yield made


def rest(shop: Path, seconds: float) -> None:
    """Changes how long files must have been left alone."""
    yaml = (shop / "defs.yaml").read_text().partition("  schedule:")[0]
    (shop / "defs.yaml").write_text(f"{yaml}  schedule: {{rest_seconds: {seconds}}}\n")


def plan_of(shop: Path, home: Home) -> Blueprint:
    return blueprints(shop, home)[0]


class Sensor:
    """A sensor with the cursor that the daemon would keep."""

    def __init__(self, shop: Path, home: Home, instance: dg.DagsterInstance) -> None:
        self.shop, self.home, self.instance = shop, home, instance
        self.cursor: str | None = None

    def tick(self, run: bool = False) -> list[dg.RunRequest] | str:
        """Requests, or why there is none.

        Args:
            run: whether what is asked for is run, as far as the raw files are read.
        """
        sensor = log_sensor(plan_of(self.shop, self.home))
        defs = dg.Definitions.merge(load(self.shop), shared_definitions(self.home))
        context = dg.build_sensor_context(self.instance, cursor=self.cursor, repository_def=defs.get_repository_def())
        data = sensor.evaluate_tick(context)
        self.cursor = data.cursor
        requests = list(data.run_requests or [])
        for request in requests if run else []:
            first, last = span(request)
            assert materialize(self.shop, ["interactions", "users", "items"], first, last, self.instance).success
        return requests or str(data.skip_message)

    def settled(self) -> None:
        """Everything there is is asked for and read."""
        self.tick(run=True)
        assert "no change" in self.tick()


def span(request: dg.RunRequest) -> tuple[str, str]:
    """The first and last day that a run is asked for."""
    key = request.tags.get("dagster/partition")
    return (key, key) if key else (request.tags[SPAN[0]], request.tags[SPAN[1]])


def asked(found: list[dg.RunRequest] | str) -> tuple[str, str]:
    """Of the one request that there is."""
    assert isinstance(found, list), found
    (request,) = found
    return span(request)


@pytest.fixture
def sensor(shop: Path, home: Home, instance: dg.DagsterInstance) -> Sensor:
    rest(shop, 0)
    return Sensor(shop, home, instance)


def test_the_first_look_takes_in_everything_in_one_run(sensor: Sensor) -> None:
    found = sensor.tick(run=True)
    assert asked(found) == ("2024-01-01", "2024-01-03")
    assert found[0].asset_selection is not None  # type: ignore[union-attr]
    assert dg.AssetKey(["shop", "deployment"]) in found[0].asset_selection  # type: ignore[union-attr]
    assert "no change" in sensor.tick()


def test_a_new_file_asks_for_its_day_alone(sensor: Sensor) -> None:
    sensor.settled()
    write_day(sensor.shop, date(2024, 1, 4))
    assert asked(sensor.tick(run=True)) == ("2024-01-04", "2024-01-04")
    assert "no change" in sensor.tick()


def test_several_days_make_one_run(sensor: Sensor) -> None:
    sensor.settled()
    write_day(sensor.shop, date(2024, 1, 5))
    write_day(sensor.shop, date(2024, 1, 8))
    assert asked(sensor.tick()) == ("2024-01-05", "2024-01-08")


def test_a_file_that_grows_asks_for_its_new_day_alone(sensor: Sensor) -> None:
    log = sensor.shop / "logs"
    files = sorted(log.iterdir())
    header = files[0].read_text().partition("\n")[0]
    text = "".join(file.read_text().partition("\n")[2] for file in files)
    for file in files:
        file.unlink()
    (log / "all.csv").write_text(f"{header}\n{text}")
    sensor.settled()
    with (log / "all.csv").open("a") as end:
        end.write("1,1,2024-01-04T08:00:00,5\n")
    assert asked(sensor.tick(run=True)) == ("2024-01-04", "2024-01-04")
    with (log / "all.csv").open("a") as end:
        end.write("1,2,2024-01-03T20:00:00,5\n")  # late, of a day that was read
    assert asked(sensor.tick(run=True)) == ("2024-01-03", "2024-01-03")
    assert "no change" in sensor.tick()
    assert pl.read_parquet(sensor.home.interactions("shop", "2024-01-03")).height == 21


def test_files_that_are_still_written_to_wait_and_others_do_not(sensor: Sensor) -> None:
    sensor.settled()
    rest(sensor.shop, 600)
    old = write_day(sensor.shop, date(2024, 1, 5))
    os.utime(old, (time.time() - 700,) * 2)
    new = write_day(sensor.shop, date(2024, 1, 6))
    assert asked(sensor.tick(run=True)) == ("2024-01-05", "2024-01-05")
    assert "files of the log written to less than 600 s ago: 1" in sensor.tick()
    write_day(sensor.shop, date(2024, 1, 6), rows=30)
    os.utime(new, (time.time() - 601,) * 2)
    assert asked(sensor.tick(run=True)) == ("2024-01-06", "2024-01-06")
    ahead = write_day(sensor.shop, date(2024, 1, 7))  # of another clock, and without a last line end
    ahead.write_text(ahead.read_text().rstrip("\n"))
    os.utime(ahead, (time.time() + 86_400,) * 2)
    assert asked(sensor.tick(run=True)) == ("2024-01-07", "2024-01-07")
    assert pl.read_parquet(sensor.home.interactions("shop", "2024-01-07")).height == 20


def test_what_was_asked_for_and_failed_is_not_asked_for_until_its_files_are_others(sensor: Sensor) -> None:
    first = sensor.tick()
    assert "days asked for and not read, from 2024-01-01 on: 3; see why their run failed" in sensor.tick()
    write_day(sensor.shop, date(2024, 1, 3), rows=21)
    second = sensor.tick()
    assert asked(second) == ("2024-01-03", "2024-01-03")
    assert first[0].run_key != second[0].run_key  # type: ignore[union-attr]


def test_a_file_that_is_replaced_and_restored_is_read_again(sensor: Sensor) -> None:
    """Whether the run of the faulty file has failed or not: what is kept is of another file than is there."""
    sensor.settled()
    file = sensor.shop / "logs" / "2024-01-02.csv"
    good = file.read_bytes()
    file.write_text("user,item,time,stars\n1,1,2024-01-02T08:00:00,5\n")
    assert asked(sensor.tick(run=True)) == ("2024-01-02", "2024-01-02")
    file.write_bytes(good)
    assert asked(sensor.tick(run=True)) == ("2024-01-02", "2024-01-02")
    assert pl.read_parquet(sensor.home.interactions("shop", "2024-01-02")).height == 20
    file.write_text("user,item\n1,1\n")  # a run of this fails, and leaves what there is
    assert asked(sensor.tick()) == ("2024-01-02", "2024-01-02")
    file.write_bytes(good)
    assert "no change" in sensor.tick()


def test_rows_that_move_from_one_file_to_another_are_read_where_they_are(sensor: Sensor) -> None:
    sensor.settled()
    log = sensor.shop / "logs"
    header, *rows = (log / "2024-01-02.csv").read_text().splitlines(keepends=True)
    (log / "2024-01-02.csv").write_text(header + "".join(rows[:10]))
    with (log / "2024-01-03.csv").open("a") as file:
        file.write("".join(rows[10:]))
    assert asked(sensor.tick(run=True)) == ("2024-01-02", "2024-01-02")
    assert "no change" in sensor.tick()
    assert pl.read_parquet(sensor.home.interactions("shop", "2024-01-02")).height == 20


def test_rows_that_are_taken_out_of_a_file_are_gone(sensor: Sensor) -> None:
    sensor.settled()
    log = sensor.shop / "logs"
    header, *rows = (log / "2024-01-02.csv").read_text().splitlines(keepends=True)
    (log / "2024-01-02.csv").write_text(header + "".join(rows[:10]))
    assert asked(sensor.tick(run=True)) == ("2024-01-02", "2024-01-02")
    assert pl.read_parquet(sensor.home.interactions("shop", "2024-01-02")).height == 10
    (log / "2024-01-02.csv").write_text(header + rows[0].replace("2024-01-02", "2024-01-03"))
    assert asked(sensor.tick(run=True)) == ("2024-01-02", "2024-01-03")
    assert pl.read_parquet(sensor.home.interactions("shop", "2024-01-02")).is_empty()
    assert "no change" in sensor.tick()


def test_a_file_that_is_gone_asks_for_nothing_and_is_told_of(sensor: Sensor) -> None:
    sensor.settled()
    (sensor.shop / "logs" / "2024-01-02.csv").unlink()
    assert "events kept, whose files are gone: 20 (days: 1)" in sensor.tick()


def test_days_that_were_materialized_before_are_not_asked_for(sensor: Sensor) -> None:
    materialize(sensor.shop, ["interactions"], "2024-01-01", "2024-01-02", sensor.instance)
    assert asked(sensor.tick()) == ("2024-01-03", "2024-01-03")


def test_days_that_a_version_of_before_has_read_are_taken_as_they_are(sensor: Sensor) -> None:
    sensor.settled()
    (sensor.home.interactions_folder("shop") / "days.json").unlink()
    assert asked(sensor.tick(run=True)) == ("2024-01-03", "2024-01-03")  # its file may have grown meanwhile
    assert "no change" in sensor.tick()
    write_day(sensor.shop, date(2024, 1, 4))
    assert asked(sensor.tick()) == ("2024-01-04", "2024-01-04")


def test_a_corrupt_file_asks_for_the_day_in_its_name(sensor: Sensor) -> None:
    sensor.settled()
    (sensor.shop / "logs" / "2024-01-04.csv").write_text("user;item\n1;2\n")
    assert asked(sensor.tick()) == ("2024-01-04", "2024-01-04")
    assert "cannot be read: 1 (logs/2024-01-04.csv); see why their run failed" in sensor.tick()
    with (sensor.shop / "items.csv").open("a") as file:
        file.write("11,New thing,a\n")
    assert asked(sensor.tick(run=True)) == ("2024-01-03", "2024-01-03")  # it keeps no other change waiting


def test_the_run_of_a_corrupt_newest_file_says_what_is_wrong_with_it(shop: Path, home: Home) -> None:
    """Its day is one of the recommender's, though a log that has stopped ends before it."""
    (shop / "logs" / "2024-01-04.csv").write_text("neither,user,nor,time\n1,2,3,4\n")
    said = failure(materialize(shop, ["interactions"], "2024-01-04"))
    assert "2024-01-04.csv" in said and "Partition" not in said
    (shop / "logs" / "2099-01-04.csv").write_text("neither,user,nor,time\n1,2,3,4\n")
    assert blueprints(shop, home)[0].partitions.get_last_partition_key() == "2024-01-04"


@pytest.mark.parametrize("name", BROKEN)
def test_good_days_are_asked_for_without_the_bad_one(sensor: Sensor, name: str) -> None:
    yaml = (sensor.shop / "defs.yaml").read_text()
    (sensor.shop / "defs.yaml").write_text(yaml.replace("logs/*.csv", "logs/*"))
    (sensor.shop / "logs" / "2024-01-02.csv").unlink()
    (sensor.shop / "logs" / name).write_bytes(BROKEN[name]())
    assert asked(sensor.tick(run=True)) == ("2024-01-01", "2024-01-01")
    assert asked(sensor.tick(run=True)) == ("2024-01-03", "2024-01-03")
    assert asked(sensor.tick()) == ("2024-01-02", "2024-01-02")
    assert f"cannot be read: 1 (logs/{name})" in sensor.tick()
    failed = materialize(sensor.shop, ["interactions", "users", "items"], "2024-01-02", None, sensor.instance)
    assert name in failure(failed)


def test_a_bad_file_that_was_asked_for_keeps_no_later_day_waiting(sensor: Sensor) -> None:
    (sensor.shop / "logs" / "2024-01-04.csv").write_text("user;item\n1;2\n")
    write_day(sensor.shop, date(2024, 1, 5))
    assert [asked(sensor.tick())[1] for _ in range(3)] == ["2024-01-03", "2024-01-05", "2024-01-04"]
    write_day(sensor.shop, date(2024, 1, 6))
    write_day(sensor.shop, date(2024, 1, 3), rows=22)
    assert [asked(sensor.tick())[1] for _ in range(2)] == ["2024-01-03", "2024-01-06"]
    assert isinstance(sensor.tick(), str)


def test_days_that_no_partition_knows_wait(sensor: Sensor) -> None:
    sensor.settled()
    today = datetime.now(UTC).date()
    yaml = (sensor.shop / "defs.yaml").read_text()
    (sensor.shop / "defs.yaml").write_text(f"{yaml}  start: 2024-01-01\n")
    write_day(sensor.shop, today)
    assert f"events of {today} wait until that day is over (UTC)" in sensor.tick()
    write_day(sensor.shop, date(2023, 12, 30))
    assert f"events of {today} wait" in sensor.tick()  # before the start of the YAML: not wanted


def test_a_missing_log_is_a_reason_to_skip(sensor: Sensor) -> None:
    for file in (sensor.shop / "logs").iterdir():
        file.unlink()
    assert str(sensor.shop / "logs") in sensor.tick()


def test_it_waits_while_a_run_is_going_and_forgets_nothing(sensor: Sensor) -> None:
    key = dg.AssetKey(["shop", "interactions"])
    run = dg.DagsterRun(job_name="x", status=dg.DagsterRunStatus.STARTED, asset_selection=frozenset({key}))
    sensor.instance.add_run(run)
    assert "still going" in sensor.tick()
    sensor.instance.delete_run(run.run_id)
    assert len(sensor.tick()) == 1


def test_the_cursor_holds_what_was_asked_for_and_is_not_read(sensor: Sensor) -> None:
    sensor.tick()
    assert set(json.loads(str(sensor.cursor))["days"]) == {"2024-01-01", "2024-01-02", "2024-01-03"}
    materialize(sensor.shop, ["interactions", "users", "items"], "2024-01-01", "2024-01-02", sensor.instance)
    sensor.tick()
    assert set(json.loads(str(sensor.cursor))["days"]) == {"2024-01-03"}


def test_a_cursor_of_a_version_before_is_forgotten(sensor: Sensor) -> None:
    sensor.settled()
    sensor.cursor = json.dumps({"log": {"logs/2024-01-01.csv": "x"}, "tables": {}})
    assert "no change" in sensor.tick()


def test_a_changed_items_file_asks_for_the_newest_day(sensor: Sensor) -> None:
    sensor.settled()
    with (sensor.shop / "items.csv").open("a") as file:
        file.write("11,New thing,a\n")
    assert asked(sensor.tick(run=True)) == ("2024-01-03", "2024-01-03")
    assert "no change" in sensor.tick()


@pytest.mark.parametrize("inside", [False, True], ids=["beside the YAML", "in the home"])
def test_files_that_are_moved_with_their_home_or_yaml_are_no_change(
    sensor: Sensor, monkeypatch: pytest.MonkeyPatch, inside: bool
) -> None:
    if inside:
        (sensor.home.root / "data").mkdir(parents=True)
        shutil.move(sensor.shop / "logs", sensor.home.root / "data" / "logs")
        yaml = sensor.shop / "defs.yaml"
        yaml.write_text(yaml.read_text().replace("path: logs/*.csv", "path: ${RECSYS_HOME}/data/logs/*.csv"))
    sensor.settled()
    home = sensor.home.root.rename(sensor.home.root.with_name("größer home"))
    monkeypatch.setenv("RECSYS_HOME", str(home))
    sensor.home = Home.at(home)
    if not inside:
        sensor.shop.parent.joinpath("moved").mkdir()
        sensor.shop = sensor.shop.rename(sensor.shop.parent / "moved" / "shop")
    assert "no change" in sensor.tick()
    for file in (
        sensor.home.recommender("shop") / "log_days.json",
        sensor.home.interactions_folder("shop") / "days.json",
    ):
        assert str(sensor.shop.parent) not in file.read_text()
    logs = home / "data" / "logs" if inside else sensor.shop / "logs"
    with (logs / "2024-01-02.csv").open("a") as end:
        end.write("1,1,2024-01-02T23:00:00,5\n")
    assert asked(sensor.tick()) == ("2024-01-02", "2024-01-02")


def test_days_that_are_over_and_unknown_here_need_a_reload(sensor: Sensor) -> None:
    sensor.settled()
    known = plan_of(sensor.shop, sensor.home)
    write_day(sensor.shop, date(2023, 12, 30))
    (sensed,) = SourceFiles.look(known).waiting()
    assert "events of 2023-12-30 lie before the days that are known here, the first of which is 2024-01-01" in sensed
    assert "reload the code location" in sensed


def test_a_day_after_the_last_one_that_is_shown_is_asked_for(sensor: Sensor) -> None:
    """A log that has stopped shows no day after its end; what was loaded then takes in a later one all the same."""
    sensor.settled()
    known = plan_of(sensor.shop, sensor.home)
    assert known.partitions.get_last_partition_key() == "2024-01-03"
    write_day(sensor.shop, date(2024, 3, 9))
    assert SourceFiles.look(known).days() == [date(2024, 3, 9)]
    assert asked(sensor.tick(run=True)) == ("2024-03-09", "2024-03-09")
    assert sensor.home.interactions("shop", "2024-03-09").exists()
