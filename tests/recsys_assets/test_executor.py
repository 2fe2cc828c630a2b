"""The command line beside another run: the second waits, and a dead one is not waited for."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
import pytest

from recsys_assets.executor import OneRunAtATime, started_by
from recsys_assets.run_lock import RunLock
from recsys_assets.shared import shared_definitions
from resources.home import Home

ROOT = Path(__file__).parents[2]


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


@contextmanager
def command(shop: Path, home: Home, output: Path) -> Iterator[subprocess.Popen[bytes]]:
    """`recsys materialize shop`, of a shop with too few users to release anything."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("DAGSTER", "RECSYS"))}
    environment = {**kept, "RECSYS_HOME": str(home.root), "RECSYS_RECOMMENDERS": str(shop), "PYTHONPATH": str(ROOT)}
    line = [sys.executable, "-c", "from recsys_assets.cli import app; app()", "materialize", "shop", "--json"]
    with output.open("wb") as stream:
        process = subprocess.Popen(line, env=environment, cwd=shop, stdout=stream, stderr=subprocess.STDOUT)
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
        assert not home.interactions_folder("shop").exists()
    assert lock.holder() is None  # whoever was killed while it waited stands in nobody's way
    with command(shop, home, output) as process:
        assert process.wait(180) == 0, output.read_text()
    said = json.loads(output.read_text().splitlines()[-1])
    assert said["release"] is None and "users chose anything new" in said["left_out"]
    assert "feature_store" in said["assets"] and "retrieval_model" in said["assets"]
    assert home.interactions("shop", "2024-01-03").exists()
