from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import dagster as dg
import pytest
from dagster._core.events import DagsterEventType
from dagster._core.remote_origin import GrpcServerCodeLocationOrigin, RemoteJobOrigin, RemoteRepositoryOrigin

from recsys_assets.automation import active_runs as module
from recsys_assets.automation.active_runs import active_run
from recsys_assets.automation.executor import OneRunAtATime
from recsys_assets.automation.run_lock import RunLock
from recsys_assets.blueprint.blueprint import Blueprint
from recsys_assets.component.locations import blueprints
from resources.home import Home

STATUS = dg.DagsterRunStatus


@pytest.fixture
def blueprint(shop: Path, home: Home) -> Blueprint:
    return blueprints(shop, home)[0]


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as made:
        yield made


def asked_for(instance: dg.DagsterInstance, status: STATUS, asset: str = "interactions", name: str = "shop") -> str:
    keys = frozenset({dg.AssetKey([name, asset])})
    origin = RemoteJobOrigin(RemoteRepositoryOrigin(GrpcServerCodeLocationOrigin("127.0.0.1", 1), "r"), "x")
    run = dg.DagsterRun(job_name="x", status=status, asset_selection=keys, remote_job_origin=origin)
    instance.add_run(run)
    return run.run_id


def clock(moment: datetime) -> type[datetime]:
    """What stands still at a moment."""

    class Still(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
            return moment

    return Still


def status_of(instance: dg.DagsterInstance, run_id: str) -> STATUS:
    run = instance.get_run_by_id(run_id)
    assert run is not None
    return run.status


@pytest.mark.parametrize(
    ("asset", "builds", "keeps"),
    [("interactions", True, False), ("served_requests", False, True)],
)
def test_building_anew_and_keeping_what_was_served_do_not_wait_for_each_other(
    blueprint: Blueprint, instance: dg.DagsterInstance, asset: str, builds: bool, keeps: bool
) -> None:
    assert active_run(instance, blueprint) is active_run(instance, blueprint, served=True) is None
    asked_for(instance, STATUS.STARTING, asset)
    assert (active_run(instance, blueprint) is not None) is builds
    assert (active_run(instance, blueprint, served=True) is not None) is keeps


def test_another_recommender_is_nobody(blueprint: Blueprint, instance: dg.DagsterInstance) -> None:
    other = asked_for(instance, STATUS.STARTED, name="films")
    with RunLock.of(blueprint.home, "films").held(other, "a sensor", lambda holder: None):
        assert active_run(instance, blueprint) is None


def test_who_holds_the_lock_is_going_whatever_dagster_knows(blueprint: Blueprint, instance: dg.DagsterInstance) -> None:
    """A command beside the daemon may use an instance of its own."""
    with RunLock.of(blueprint.home, blueprint.name).held("aaaaaaaa-1", "a command or the UI", lambda holder: None):
        assert "run aaaaaaaa (started by a command or the UI" in str(active_run(instance, blueprint))
    assert active_run(instance, blueprint) is None


@pytest.mark.parametrize("status", [STATUS.STARTED, STATUS.STARTING, STATUS.CANCELING])
def test_a_run_whose_process_was_killed_is_noted_as_failed_at_once(
    blueprint: Blueprint, instance: dg.DagsterInstance, status: STATUS
) -> None:
    run_id = asked_for(instance, status)
    sign = RunLock.of(blueprint.home, blueprint.name).folder / f"{run_id}.alive"
    sign.parent.mkdir(parents=True)
    sign.touch()  # as a killed process leaves it
    assert active_run(instance, blueprint) is None
    assert status_of(instance, run_id) is STATUS.FAILURE
    assert not sign.exists()


@pytest.mark.parametrize(
    ("status", "minutes", "going"),
    [
        (STATUS.STARTING, 4, True),
        (STATUS.STARTING, 6, False),
        (STATUS.NOT_STARTED, 6, False),
        (STATUS.STARTED, 6, False),
        (STATUS.STARTED, 4, True),
        (STATUS.QUEUED, 6 * 60, True),
    ],
)
def test_a_run_that_never_gave_a_sign_is_waited_for_a_while(
    blueprint: Blueprint,
    instance: dg.DagsterInstance,
    status: STATUS,
    minutes: int,
    going: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run_id = asked_for(instance, status)

    monkeypatch.setattr(module, "datetime", clock(datetime.now(UTC) + timedelta(minutes=minutes)))
    monkeypatch.setattr(module, "TO_END_S", 0.0)
    assert (active_run(instance, blueprint) == f"run {run_id[:8]}") is going
    assert (status_of(instance, run_id) is STATUS.FAILURE) is not going


def test_a_waiting_run_is_alive(
    blueprint: Blueprint, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "TO_START", timedelta(0))
    run_id = asked_for(instance, STATUS.STARTED)
    with RunLock.of(blueprint.home, blueprint.name).alive(run_id):
        assert active_run(instance, blueprint) == f"run {run_id[:8]}"
    assert status_of(instance, run_id) is STATUS.STARTED


def test_a_run_that_was_queued_for_long_has_its_time_from_when_it_left_the_queue(
    blueprint: Blueprint, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = asked_for(instance, STATUS.QUEUED)
    monkeypatch.setattr(module, "TO_END_S", 0.0)
    monkeypatch.setattr(module, "TO_START", timedelta(seconds=30))
    time.sleep(0.1)
    left = datetime.now(UTC)
    instance.report_dagster_event(dg.DagsterEvent(DagsterEventType.RUN_STARTING.value, "x"), run_id)
    monkeypatch.setattr(module, "datetime", clock(left + timedelta(seconds=29.95)))  # 30.05 s after it was queued
    assert active_run(instance, blueprint) == f"run {run_id[:8]}"
    monkeypatch.setattr(module, "datetime", clock(datetime.now(UTC) + timedelta(seconds=30)))
    assert active_run(instance, blueprint) is None and status_of(instance, run_id) is STATUS.FAILURE


def test_a_run_whose_end_is_noted_a_moment_late_has_not_failed(
    blueprint: Blueprint, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its sign of life goes before Dagster notes that it has ended well."""
    monkeypatch.setattr(module, "TO_START", timedelta(0))
    run_id = asked_for(instance, STATUS.STARTED)
    said = list[float]()

    def meanwhile(seconds: float) -> None:
        said.append(seconds)
        event = dg.DagsterEvent(DagsterEventType.RUN_SUCCESS.value, "x")
        instance.report_dagster_event(event, run_id)

    monkeypatch.setattr(module.time, "sleep", meanwhile)
    assert active_run(instance, blueprint) is None
    assert said == [module.TO_END_S] and status_of(instance, run_id) is STATUS.SUCCESS


def test_a_run_of_several_recommenders_is_alive_to_all_of_them_while_it_waits_for_the_first(
    blueprint: Blueprint, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "TO_START", timedelta(0))
    monkeypatch.setattr(module, "TO_END_S", 0.0)
    keys = [dg.AssetKey(["films", "items"]), dg.AssetKey(["shop", "items"]), dg.AssetKey(["shop", "served_requests"])]
    origin = RemoteJobOrigin(RemoteRepositoryOrigin(GrpcServerCodeLocationOrigin("127.0.0.1", 1), "r"), "x")
    run = dg.DagsterRun(job_name="x", status=STATUS.STARTED, asset_selection=frozenset(keys), remote_job_origin=origin)
    instance.add_run(run)
    waits, steps = threading.Event(), list[str]()
    layer = SimpleNamespace(selected_asset_keys=set(keys))
    context: Any = SimpleNamespace(
        dagster_run=run,
        job=SimpleNamespace(get_definition=lambda: SimpleNamespace(asset_layer=layer)),
        log=SimpleNamespace(warning=lambda words: waits.set()),
    )
    inner: Any = SimpleNamespace(execute=lambda *_: iter([SimpleNamespace(is_step_success=True)]))
    plan_of_steps: Any = None

    def execute() -> None:
        steps.extend(map(str, OneRunAtATime(inner, blueprint.home).execute(context, plan_of_steps)))

    with RunLock.of(blueprint.home, "films").held("other", "a command", lambda holder: None):
        thread = threading.Thread(target=execute)
        thread.start()
        assert waits.wait(20)
        for served in (False, True):
            assert active_run(instance, blueprint, served) == f"run {run.run_id[:8]}"
        assert status_of(instance, run.run_id) is STATUS.STARTED and not steps
    thread.join(20)
    assert len(steps) == 1
