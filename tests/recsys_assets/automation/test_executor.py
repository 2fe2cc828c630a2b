"""The command line beside another run: the second waits, and a dead one is not waited for."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import dagster as dg
import pytest
from dagster._core.errors import DagsterExecutionInterruptedError
from dagster._utils.interrupts import capture_interrupts

from recsys_assets.automation.executor import OneRunAtATime, started_by
from recsys_assets.automation.run_lock import RunLock
from recsys_assets.component.shared_definitions import shared_definitions
from resources.home import Home
from tests.recsys_assets.automation.test_run_lock import elsewhere

ROOT = Path(__file__).parents[3]


def test_all_runs_go_by_it(home: Home) -> None:
    executor = shared_definitions(home).executor
    assert isinstance(executor, dg.ExecutorDefinition)
    assert executor.name == "in_process" and executor.executor_creation_fn is not None
    assert executor.executor_creation_fn.__module__ == OneRunAtATime.__module__


@pytest.mark.parametrize(
    ("tags", "words"),
    [
        ({}, "a command or the UI"),
        ({"dagster/sensor_name": "shop_logs"}, "the sensor shop_logs"),
        ({"dagster/sensor_name": "automation", "dagster/from_automation_condition": "true"}, "an automation condition"),
        ({"dagster/schedule_name": "shop_refit"}, "the schedule shop_refit"),
        ({"dagster/backfill": "abc"}, "a backfill"),
    ],
    ids=["command", "sensor", "automation", "schedule", "backfill"],
)
def test_who_has_started_a_run(tags: dict[str, str], words: str) -> None:
    assert started_by(tags) == words


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_waiting_can_be_interrupted(home: Home, sent: signal.Signals) -> None:
    """Dagster holds interrupts back around an executor, until a step lets them through."""
    keys, warned = {dg.AssetKey(["shop", "items"])}, list[str]()

    def warning(text: str) -> None:
        warned.append(text)
        threading.Timer(0.2, os.kill, (os.getpid(), sent)).start()

    context: Any = SimpleNamespace(
        dagster_run=dg.DagsterRun(job_name="x", run_id="bbbbbbbb-2", asset_selection=frozenset(keys)),
        job=SimpleNamespace(get_definition=lambda: SimpleNamespace(asset_layer=SimpleNamespace())),
        log=SimpleNamespace(warning=warning),
    )
    inner: Any = SimpleNamespace(execute=lambda *_: iter(["step"]))
    steps: Any = None
    lock = RunLock.of(home, "shop")
    with elsewhere(lock) as other:
        too_late = threading.Timer(20, other.kill)
        try:
            with capture_interrupts():
                too_late.start()
                with pytest.raises(DagsterExecutionInterruptedError):
                    list(OneRunAtATime(inner, home).execute(context, steps))
            assert "Waits for run aaaaaaaa" in warned[0]
            assert lock.is_alive("bbbbbbbb-2") is None and lock.is_alive("aaaaaaaa-1") is True
        finally:
            too_late.cancel()


@contextmanager
def command(shop: Path, home: Home, output: Path) -> Iterator[subprocess.Popen[bytes]]:
    """`recsys materialize shop`, of a shop with too few users to release anything."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("DAGSTER", "RECSYS"))}
    environment = {**kept, "RECSYS_HOME": str(home.root), "RECSYS_RECOMMENDERS": str(shop), "PYTHONPATH": str(ROOT)}
    line = [sys.executable, "-c", "from recsys_assets.cli import app; app()", "materialize", "shop", "--json"]
    with output.open("wb") as stream:
        process = subprocess.Popen(
            line, env=environment, cwd=shop, stdout=stream, stderr=subprocess.STDOUT, start_new_session=True
        )
        try:
            yield process
        finally:
            process.kill()
            process.wait(20)


def wait_for(output: Path, text: str) -> str:
    deadline = time.monotonic() + 90
    while text not in (said := output.read_text()):
        assert time.monotonic() < deadline, said
        time.sleep(0.1)
    return said


def test_a_command_waits_for_the_run_that_is_going(shop: Path, home: Home, tmp_path: Path) -> None:
    lock, output = RunLock.of(home, "shop"), tmp_path / "output"
    going = lock.held("aaaaaaaa-1", "the sensor shop_logs", lambda holder: None)
    with going, command(shop, home, output) as process:
        wait_for(output, "run aaaaaaaa (started by the sensor shop_logs")
        deadline = time.monotonic() + 90
        while len(list(lock.folder.glob("*.alive"))) < 2:  # until the other one has arrived
            assert time.monotonic() < deadline and process.poll() is None, output.read_text()
            time.sleep(0.1)
        os.killpg(process.pid, signal.SIGINT)  # as Ctrl-C does
        assert process.wait(60) != 0
        assert [sign.name for sign in lock.folder.glob("*.alive")] == ["aaaaaaaa-1.alive"]  # nothing waits on
        assert not home.interactions_folder("shop").exists()
    assert lock.holder() is None  # whoever was interrupted while it waited stands in nobody's way


@pytest.mark.long
def test_a_run_that_releases_nothing_ends_well_and_says_why(shop: Path, home: Home, tmp_path: Path) -> None:
    output = tmp_path / "output"
    with command(shop, home, output) as process:
        assert process.wait(180) == 0, output.read_text()
    said = json.loads(output.read_text().splitlines()[-1])
    assert said["release"] is None and "users chose anything new" in said["left_out"]
    assert "feature_store" in said["assets"] and "retrieval_model" in said["assets"]
    assert home.interactions("shop", "2024-01-03").exists()
