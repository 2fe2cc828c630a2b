from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import dagster as dg
import pytest

from recsys_assets.blueprint import Blueprint
from recsys_assets.locations import blueprints, load
from recsys_assets.log_sensor import log_sensor
from recsys_assets.shared import shared_definitions
from resources.home import Home
from tests.conftest import write_day
from tests.recsys_assets.broken_files import BROKEN
from tests.recsys_assets.runs import failure, materialize

SPAN = ("dagster/asset_partition_range_start", "dagster/asset_partition_range_end")


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.instance_for_test() as made:
        yield made


def plan_of(shop: Path, home: Home) -> Blueprint:
    return blueprints(shop, home)[0]


class Sensor:
    """A sensor with the cursor that the daemon would keep."""

    def __init__(self, shop: Path, home: Home, instance: dg.DagsterInstance) -> None:
        self.shop, self.home, self.instance = shop, home, instance
        self.cursor: str | None = None

    def tick(self) -> list[dg.RunRequest] | str:
        """Requests, or why there is none."""
        sensor = log_sensor(plan_of(self.shop, self.home))
        defs = dg.Definitions.merge(load(self.shop), shared_definitions(self.home))
        context = dg.build_sensor_context(self.instance, cursor=self.cursor, repository_def=defs.get_repository_def())
        data = sensor.evaluate_tick(context)
        self.cursor = data.cursor
        return list(data.run_requests or []) or str(data.skip_message)


@pytest.fixture
def sensor(shop: Path, home: Home, instance: dg.DagsterInstance) -> Sensor:
    return Sensor(shop, home, instance)


def test_the_first_look_takes_in_everything_in_one_run(sensor: Sensor) -> None:
    (request,) = sensor.tick()
    assert [request.tags[tag] for tag in SPAN] == ["2024-01-01", "2024-01-03"]
    assert request.asset_selection is not None
    assert dg.AssetKey(["shop", "deployment"]) in request.asset_selection
    assert "no change" in sensor.tick()


def test_a_new_file_asks_for_its_day_alone(sensor: Sensor) -> None:
    sensor.tick()
    write_day(sensor.shop, date(2024, 1, 4))
    (request,) = sensor.tick()
    assert request.partition_key == "2024-01-04"
    assert "no change" in sensor.tick()


def test_several_days_make_one_run(sensor: Sensor) -> None:
    sensor.tick()
    write_day(sensor.shop, date(2024, 1, 5))
    write_day(sensor.shop, date(2024, 1, 8))
    (request,) = sensor.tick()
    assert [request.tags[tag] for tag in SPAN] == ["2024-01-05", "2024-01-08"]


def test_a_changed_file_has_another_run_key(sensor: Sensor) -> None:
    sensor.tick()
    write_day(sensor.shop, date(2024, 1, 3), rows=21)
    (first,) = sensor.tick()
    write_day(sensor.shop, date(2024, 1, 3), rows=22)
    (second,) = sensor.tick()
    assert first.partition_key == second.partition_key == "2024-01-03"
    assert first.run_key != second.run_key


def test_days_that_were_materialized_before_are_not_asked_for(sensor: Sensor) -> None:
    materialize(sensor.shop, ["interactions"], "2024-01-01", "2024-01-02", sensor.instance)
    (request,) = sensor.tick()
    assert request.partition_key == "2024-01-03"


def test_a_corrupt_file_asks_for_the_day_in_its_name(sensor: Sensor) -> None:
    sensor.tick()
    (sensor.shop / "logs" / "2024-01-04.csv").write_text("user;item\n1;2\n")
    (request,) = sensor.tick()
    assert request.partition_key == "2024-01-04"


@pytest.mark.parametrize("name", BROKEN)
def test_good_days_are_asked_for_without_the_bad_one(sensor: Sensor, name: str) -> None:
    yaml = (sensor.shop / "defs.yaml").read_text()
    (sensor.shop / "defs.yaml").write_text(yaml.replace("logs/*.csv", "logs/*"))
    (sensor.shop / "logs" / "2024-01-02.csv").unlink()
    (sensor.shop / "logs" / name).write_bytes(BROKEN[name]())
    asked = [sensor.tick() for _ in range(4)]
    assert [request.partition_key for (request,) in asked[:3]] == ["2024-01-01", "2024-01-03", "2024-01-02"]  # type: ignore[union-attr]
    assert "no change" in asked[3]
    assert materialize(sensor.shop, ["interactions", "users", "items"], "2024-01-01", None, sensor.instance).success
    assert materialize(sensor.shop, ["interactions", "users", "items"], "2024-01-03", None, sensor.instance).success
    failed = materialize(sensor.shop, ["interactions", "users", "items"], "2024-01-02", None, sensor.instance)
    assert name in failure(failed)


def test_a_bad_file_that_was_asked_for_keeps_no_later_day_waiting(sensor: Sensor) -> None:
    (sensor.shop / "logs" / "2024-01-04.csv").write_text("user;item\n1;2\n")
    write_day(sensor.shop, date(2024, 1, 5))
    keys = [request.partition_key or request.tags[SPAN[1]] for (request,) in (sensor.tick() for _ in range(3))]  # type: ignore[union-attr]
    assert keys == ["2024-01-03", "2024-01-05", "2024-01-04"]
    write_day(sensor.shop, date(2024, 1, 6))
    write_day(sensor.shop, date(2024, 1, 3), rows=22)
    assert [request.partition_key for (request,) in (sensor.tick(), sensor.tick())] == ["2024-01-03", "2024-01-06"]  # type: ignore[union-attr]
    assert "no change" in sensor.tick()


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


def test_the_cursor_is_what_was_seen(sensor: Sensor) -> None:
    sensor.tick()
    kept = json.loads(str(sensor.cursor))
    assert {Path(path).name for path in kept["log"]} == {f"2024-01-0{day}.csv" for day in (1, 2, 3)}
    assert [Path(path).name for path in kept["tables"]] == ["items.csv"]


def test_a_changed_items_file_asks_for_the_newest_day(sensor: Sensor) -> None:
    sensor.tick()
    with (sensor.shop / "items.csv").open("a") as file:
        file.write("11,New thing,a\n")
    (request,) = sensor.tick()
    assert request.partition_key == "2024-01-03"
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
    sensor.tick()
    assert "no change" in sensor.tick()
    earlier = json.loads(sensor.cursor or "")
    base = f"{sensor.home.root}/" if inside else f"{sensor.shop}/"
    whole = {base + path.removeprefix("${RECSYS_HOME}/"): mark for path, mark in earlier["log"].items()}
    assert all(Path(path).exists() for path in whole)
    sensor.cursor = json.dumps({**earlier, "log": whole})  # as the version before kept it
    assert "no change" in sensor.tick()
    home = sensor.home.root.rename(sensor.home.root.with_name("größer home"))
    monkeypatch.setenv("RECSYS_HOME", str(home))
    sensor.home = Home.at(home)
    if not inside:
        sensor.shop.parent.joinpath("moved").mkdir()
        sensor.shop = sensor.shop.rename(sensor.shop.parent / "moved" / "shop")
    assert "no change" in sensor.tick()
    memory = json.loads((sensor.home.recommender("shop") / "log_days.json").read_text())
    assert not [path for path in memory["files"] if path.startswith("/")]
    (request,) = touched(sensor, home / "data" / "logs" if inside else sensor.shop / "logs")
    assert request.partition_key == "2024-01-02"


def touched(sensor: Sensor, logs: Path) -> list[dg.RunRequest]:
    text = (logs / "2024-01-02.csv").read_text()
    (logs / "2024-01-02.csv").write_text(text + "1,1,2024-01-02T23:00:00,5\n")
    found = sensor.tick()
    assert isinstance(found, list), found
    return found
