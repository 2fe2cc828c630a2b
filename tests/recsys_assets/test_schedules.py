from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import dagster as dg
import pytest

from recsys_assets.locations import blueprints, load
from recsys_assets.schedules import schedules
from recsys_assets.shared import shared_definitions
from resources.home import Home
from tests.conftest import write_day
from tests.recsys_assets.runs import materialize


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.instance_for_test() as made:
        yield made


def tick(shop: Path, home: Home, instance: dg.DagsterInstance, name: str) -> list[dg.RunRequest] | str:
    schedule = next(s for s in schedules(blueprints(shop, home)[0]) if s.name == name)
    defs = dg.Definitions.merge(load(shop), shared_definitions(home))
    context = dg.build_schedule_context(instance, repository_def=defs.get_repository_def())
    data = schedule.evaluate_tick(context)
    return list(data.run_requests or []) or str(data.skip_message)


def test_every_night_what_was_not_read_yet(shop: Path, home: Home, instance: dg.DagsterInstance) -> None:
    materialize(shop, ["interactions"], "2024-01-01", "2024-01-03", instance)
    assert "was read already" in tick(shop, home, instance, "shop_nightly")
    write_day(shop, date(2024, 1, 6))
    (request,) = tick(shop, home, instance, "shop_nightly")
    assert request.partition_key == "2024-01-06"
    assert not request.run_config


def test_today_is_not_over_and_asks_for_nothing(shop: Path, home: Home, instance: dg.DagsterInstance) -> None:
    materialize(shop, ["interactions"], "2024-01-01", "2024-01-03", instance)
    today = datetime.now(UTC).date()
    write_day(shop, today)
    assert f"events of {today} wait until that day is over (UTC)" in tick(shop, home, instance, "shop_nightly")


def test_a_day_that_failed_is_asked_for_again_every_night(shop: Path, home: Home, instance: dg.DagsterInstance) -> None:
    materialize(shop, ["interactions"], "2024-01-01", "2024-01-03", instance)
    (shop / "logs" / "2024-01-04.csv").write_text("user;item\n1;2\n")
    for _ in range(2):
        (request,) = tick(shop, home, instance, "shop_nightly")
        assert request.partition_key == "2024-01-04"


def test_every_week_everything_anew(shop: Path, home: Home, instance: dg.DagsterInstance) -> None:
    (request,) = tick(shop, home, instance, "shop_refit")
    assert request.tags["dagster/asset_partition_range_start"] == "2024-01-01"
    assert request.run_config["ops"]["shop__workflow"] == {"config": {"refit": True}}


def test_the_yaml_switches_them_off(shop: Path, home: Home) -> None:
    yaml = (shop / "defs.yaml").read_text()
    (shop / "defs.yaml").write_text(yaml + "  schedule: {nightly: null, refit: '0 1 * * 1', served: null}\n")
    (only,) = schedules(blueprints(shop, home)[0])
    assert (only.name, only.cron_schedule) == ("shop_refit", "0 1 * * 1")
    assert only.default_status is dg.DefaultScheduleStatus.RUNNING
