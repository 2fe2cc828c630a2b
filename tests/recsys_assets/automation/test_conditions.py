"""Automation conditions on the real graph, with assets that do nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from recsys_assets.blueprint.asset_names import CHAIN
from recsys_assets.component.locations import load
from recsys_assets.component.shared_definitions import shared_definitions
from resources.home import Home

DAYS = ("2024-01-01", "2024-01-02", "2024-01-03")
DAILY = {"interactions", "statistics", "item_state", "features"}


class Daemon:
    """Evaluates the conditions as the daemon would, and materializes what they ask for without computing it."""

    def __init__(self, defs: dg.Definitions, instance: dg.DagsterInstance) -> None:
        self.defs, self.instance = defs, instance
        self.cursor: dg.AssetDaemonCursor | None = None

    def report(self, asset: str, partition: str | None = None, failing: str = "") -> None:
        """Notes a materialization and the results of its checks, as a run would."""
        node = self.defs.resolve_asset_graph().get(key(asset))
        event = dg.AssetMaterialization(
            key(asset), partition=partition, tags={"dagster/code_version": str(node.code_version)}
        )
        self.instance.report_runless_asset_event(event)
        for check in node.check_keys:
            passed = check.name != failing
            self.instance.report_runless_asset_event(
                dg.AssetCheckEvaluation(key(asset), check.name, passed, blocking=True)
            )

    def tick(self) -> list[str]:
        """Assets (and days) that the conditions ask for now, in the order of the graph."""
        result = dg.evaluate_automation_conditions(self.defs, self.instance, cursor=self.cursor)
        self.cursor = result.cursor
        found = [(asset, day) for asset in CHAIN for day in result.get_requested_partitions(key(asset))]
        return [asset if day is None else f"{asset} {day}" for asset, day in found]

    def settle(self, most: int = 20) -> list[str]:
        """Ticks until nothing is asked for, materializing what was; all that was asked for, in order."""
        asked: list[str] = []
        for _ in range(most):
            found = self.tick()
            if not found:
                return asked
            asked += found
            for request in found:
                asset, _, day = request.partition(" ")
                self.report(asset, day or None)
        raise AssertionError(f"still asking after {most} ticks: {asked[-20:]}")


def key(asset: str) -> dg.AssetKey:
    return dg.AssetKey(["shop", asset])


def definitions(shop: Path, home: Home) -> dg.Definitions:
    return dg.Definitions.merge(load(shop), shared_definitions(home))


@pytest.fixture
def daemon(shop: Path, home: Home) -> Iterator[Daemon]:
    """Everything is materialized for three days, and the daemon has seen it."""
    with dg.DagsterInstance.ephemeral() as instance:
        made = Daemon(definitions(shop, home), instance)
        made.settle()
        for asset in CHAIN:
            for day in DAYS if asset in DAILY else [None]:
                made.report(asset, day)
        made.settle()
        yield made


def test_what_was_built_in_one_run_asks_for_nothing_more(daemon: Daemon) -> None:
    assert daemon.tick() == []


def test_a_repaired_day_is_carried_to_the_deployment_and_no_other_day_is_touched(daemon: Daemon) -> None:
    daemon.report("interactions", "2024-01-02")
    asked = daemon.settle()
    daily = [request for request in asked if " " in request]
    # The features of the newest day make those of the repaired one along.
    assert sorted(set(daily)) == ["features 2024-01-03", "item_state 2024-01-02", "statistics 2024-01-02"]
    below = [asset for asset in CHAIN if asset not in DAILY]  # users and items too: it may hold ids that nobody knew
    assert sorted({request for request in asked if " " not in request}) == sorted(below)
    assert max(asked.index("users"), asked.index("items")) < asked.index("workflow")
    assert asked[-1] == "deployment"
    assert (
        asked.count("users")
        == asked.count("workflow")
        == asked.count("retrieval_model")
        == asked.count("release")
        == asked.count("deployment")
        == 1
    )


def test_days_that_a_run_of_the_chain_has_not_noted_yet_are_not_asked_for(daemon: Daemon) -> None:
    """Its last assets are still to come: what it has made of a day will be told in a moment."""
    ends = {key("release"), key("deployment")}
    job = daemon.defs.resolve_implicit_global_asset_job_def().get_subset(asset_selection=ends)
    run = daemon.instance.create_run_for_job(job, asset_selection=ends, status=dg.DagsterRunStatus.STARTED)
    daemon.report("interactions", "2024-01-02")
    daemon.report("workflow")
    assert not [asked for asked in daemon.tick() if " " in asked]
    ended = dg.DagsterEvent(dg.DagsterEventType.RUN_SUCCESS.value, job.name)
    daemon.instance.report_dagster_event(ended, run.run_id)
    assert {"statistics 2024-01-02", "features 2024-01-03"} <= set(daemon.settle())


@pytest.mark.parametrize("table", ["users", "items"])
def test_new_users_or_items_are_carried_to_the_deployment_by_the_newest_day(daemon: Daemon, table: str) -> None:
    """Its features come after the workflow that knows them, and models after these."""
    daemon.report(table)
    asked = daemon.settle()
    below = [asset for asset in CHAIN if asset not in {*DAILY, "users", "items"}]
    assert sorted(asked) == sorted([*below, "features 2024-01-03"])
    assert asked.index("workflow") < asked.index("features 2024-01-03") < asked.index("retrieval_model")
    assert asked[-1] == "deployment"


def test_a_changed_setting_rebuilds_its_asset_and_what_depends_on_it(daemon: Daemon, shop: Path, home: Home) -> None:
    (shop / "defs.yaml").write_text((shop / "defs.yaml").read_text() + "  ranking: {epochs: 2}\n")
    daemon.defs = definitions(shop, home)
    assert daemon.settle() == ["ranking_model", "evaluation", "release", "deployment"]


def test_a_failed_check_keeps_the_release_back_until_it_passes(daemon: Daemon) -> None:
    daemon.report("evaluation", failing="not_worse_than_live")
    assert daemon.tick() == []
    daemon.report("evaluation")
    assert daemon.settle() == ["release", "deployment"]


def test_a_day_that_failed_its_check_stops_there(daemon: Daemon) -> None:
    daemon.report("interactions", "2024-01-02", failing="volume")
    assert daemon.tick() == []


def test_every_asset_has_a_condition_that_reads_as_a_sentence(daemon: Daemon) -> None:
    graph = daemon.defs.resolve_asset_graph()
    for asset in CHAIN:
        condition = graph.get(key(asset)).automation_condition
        assert condition is not None, asset
        assert len(str(condition.get_label()).split()) > 3, asset


def test_the_sensor_that_evaluates_them_runs_by_default(daemon: Daemon) -> None:
    sensors = {sensor.name: sensor for sensor in daemon.defs.get_repository_def().sensor_defs}
    assert sensors["automation"].default_status is dg.DefaultSensorStatus.RUNNING
    assert sensors["shop_logs"].default_status is dg.DefaultSensorStatus.RUNNING
