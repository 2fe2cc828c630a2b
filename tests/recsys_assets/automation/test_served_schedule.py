from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import dagster as dg
import pytest

from recsys_assets.automation.schedules import schedules
from recsys_assets.component.locations import blueprints, load
from recsys_assets.component.shared_definitions import shared_definitions
from resources.home import Home
from tests.recsys_assets.runs import materialize
from tests.serving.decision_rows import day_of, write_log

DAYS = [date(2026, 1, day) for day in (3, 5, 6)]
NOW = datetime(2026, 1, 7, 0, 5, tzinfo=UTC)


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.instance_for_test() as made:
        yield made


@pytest.fixture
def log(shop: Path, home: Home) -> Path:
    """A log of three days, and of the one that is going on."""
    folder = home.decisions("shop")
    for day in (*DAYS, NOW.date()):
        write_log(folder, day, day_of(day, 3))
    return folder


def asked(shop: Path, home: Home, instance: dg.DagsterInstance, now: datetime = NOW) -> list[str] | str:
    """Days that the schedule asks for, or why there are none."""
    schedule = next(one for one in schedules(blueprints(shop, home)[0]) if one.name == "shop_served")
    defs = dg.Definitions.merge(load(shop), shared_definitions(home))
    context = dg.build_schedule_context(
        instance, repository_def=defs.get_repository_def(), scheduled_execution_time=now
    )
    data = schedule.evaluate_tick(context)
    for request in data.run_requests or []:
        assert request.asset_selection == [dg.AssetKey(["shop", "served_requests"])]
    return [str(request.partition_key) for request in data.run_requests or []] or str(data.skip_message)


def keep(shop: Path, instance: dg.DagsterInstance, *days: str) -> None:
    for day in days:
        assert materialize(shop, ["served_requests"], day, instance=instance).success


def test_days_that_are_over_and_were_not_kept(shop: Path, home: Home, instance: dg.DagsterInstance, log: Path) -> None:
    assert asked(shop, home, instance) == ["2026-01-03", "2026-01-05", "2026-01-06"]
    keep(shop, instance, "2026-01-03", "2026-01-05")
    assert asked(shop, home, instance) == ["2026-01-06"]
    keep(shop, instance, "2026-01-06")
    assert "until 2026-01-06 is kept" in asked(shop, home, instance)


def test_a_day_that_was_kept_before_it_was_over_is_kept_again(
    shop: Path, home: Home, instance: dg.DagsterInstance, log: Path
) -> None:
    keep(shop, instance, *map(str, DAYS))
    write_log(log, DAYS[1], day_of(DAYS[1], 1, "late"), "2")
    assert asked(shop, home, instance) == ["2026-01-05"]


def test_a_day_without_requests_is_kept_once_and_deleted_days_are_let_be(
    shop: Path, home: Home, instance: dg.DagsterInstance, log: Path
) -> None:
    keep(shop, instance, *map(str, DAYS), "2026-01-07")
    for file in (log / f"day={DAYS[0]}").iterdir():
        file.unlink()
    later = datetime(2026, 1, 9, 0, 5, tzinfo=UTC)
    assert asked(shop, home, instance, later) == ["2026-01-08"]
    keep(shop, instance, "2026-01-08")
    assert "is kept" in asked(shop, home, instance, later)


def test_days_are_those_of_utc(shop: Path, home: Home, instance: dg.DagsterInstance, log: Path) -> None:
    keep(shop, instance, *map(str, DAYS))
    there = datetime.fromisoformat("2026-01-08T05:35:00+05:30")
    assert asked(shop, home, instance, there) == ["2026-01-07"]


def test_nothing_was_ever_asked(shop: Path, home: Home, instance: dg.DagsterInstance) -> None:
    assert "was never asked" in asked(shop, home, instance)


@pytest.mark.parametrize(("asset", "waits"), [("served_requests", True), ("retrieval_model", False)])
def test_it_waits_for_a_run_of_its_own_and_for_no_training(
    shop: Path, home: Home, instance: dg.DagsterInstance, log: Path, asset: str, waits: bool
) -> None:
    keys = frozenset({dg.AssetKey(["shop", asset])})
    instance.add_run(dg.DagsterRun(job_name="x", status=dg.DagsterRunStatus.STARTED, asset_selection=keys))
    assert ("keeps what shop served already" in asked(shop, home, instance)) is waits


def test_it_can_be_set_and_switched_off(shop: Path, home: Home) -> None:
    yaml = (shop / "defs.yaml").read_text()
    times = "  schedule: {nightly: null, refit: null, timezone: Asia/Kolkata, served: %s}\n"
    (shop / "defs.yaml").write_text(yaml + times % "30 1 * * *")
    (only,) = schedules(blueprints(shop, home)[0])
    assert (only.name, only.cron_schedule, only.execution_timezone) == ("shop_served", "30 1 * * *", "UTC")
    assert only.default_status is dg.DefaultScheduleStatus.RUNNING
    (shop / "defs.yaml").write_text(yaml + times % "null")
    assert schedules(blueprints(shop, home)[0]) == []
