from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import dagster as dg
import pytest

from recsys_assets.automation.schedules import schedules
from recsys_assets.component.locations import blueprints, load
from recsys_assets.component.shared_definitions import shared_definitions
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
    assert request.tags["dagster/partition"] == "2024-01-06"
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
        assert request.tags["dagster/partition"] == "2024-01-04"


def test_every_week_everything_anew(shop: Path, home: Home, instance: dg.DagsterInstance) -> None:
    (request,) = tick(shop, home, instance, "shop_refit")
    assert request.tags["dagster/asset_partition_range_start"] == "2024-01-01"
    assert request.run_config["ops"]["shop__workflow"] == {"config": {"refit": True}}


def late_refit(
    shop: Path, home: Home, instance: dg.DagsterInstance, change: Callable[[], object]
) -> list[dg.RunRequest] | str:
    """What the refit of a code location asks for, whose files have changed since it was loaded."""
    blueprint = blueprints(shop, home)[0]
    defs = dg.Definitions.merge(load(shop), shared_definitions(home)).get_repository_def()
    change()
    (refit,) = [made for made in schedules(blueprint) if made.name == "shop_refit"]
    data = refit.evaluate_tick(dg.build_schedule_context(instance, repository_def=defs))
    return list(data.run_requests or []) or str(data.skip_message)


def test_a_refit_asks_for_the_days_that_are_known_alone(shop: Path, home: Home, instance: dg.DagsterInstance) -> None:
    """Those of a file before the first known day, or of today, are none: Dagster would end the run in an error."""
    days = [date(2023, 12, 30), datetime.now(UTC).date()]
    (request,) = late_refit(shop, home, instance, lambda: [write_day(shop, day) for day in days])
    assert isinstance(request, dg.RunRequest)
    assert request.tags["dagster/asset_partition_range_start"] == "2024-01-01"
    assert date.fromisoformat(request.tags["dagster/asset_partition_range_end"]) < days[1]


def test_a_refit_of_days_that_are_all_unknown_says_what_to_do(
    shop: Path, home: Home, instance: dg.DagsterInstance
) -> None:
    def moved() -> None:
        for file in (shop / "logs").iterdir():
            file.unlink()
        write_day(shop, date(2023, 12, 30))

    said = late_refit(shop, home, instance, moved)
    assert "ends on 2023-12-30, before the first day that is known here (2024-01-01); reload the code location" in said


def test_the_yaml_switches_them_off(shop: Path, home: Home) -> None:
    yaml = (shop / "defs.yaml").read_text()
    (shop / "defs.yaml").write_text(yaml + "  schedule: {nightly: null, refit: '0 1 * * 1', served: null}\n")
    (only,) = schedules(blueprints(shop, home)[0])
    assert (only.name, only.cron_schedule) == ("shop_refit", "0 1 * * 1")
    assert only.default_status is dg.DefaultScheduleStatus.RUNNING
