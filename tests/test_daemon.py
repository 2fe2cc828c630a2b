"""The real daemon: a dropped file becomes the live answer, a corrupt one changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from ops_gpu.synthetic import DemoData, DemoSettings
from serving.manifest import Manifest
from tests.dagster_dev import dagster_dev, wait_for
from tests.tiny import NAME, Tiny

pytestmark = [pytest.mark.triton, pytest.mark.daemon, pytest.mark.timeout(1200)]


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Tiny]:
    """A recommender of which only the raw logs are there."""
    made = Tiny.make(tmp_path)
    DemoData.generate(DemoSettings(users=300, items=200, days=24, events=6000)).write(made.home.data(NAME))
    try:
        yield made
    finally:
        made.recsys("stop")


def wait_for_day(tiny: Tiny, day: str, log: Path) -> dict[str, Any]:
    """The live release once it was trained until a day."""
    for _ in wait_for(f"a live release that knows {day}", 500, log):
        live = tiny.json("status")["releases"].get(NAME)
        if live and live["last_day"] == day:
            return dict(live)
    raise AssertionError


def wait_for_failure(tiny: Tiny, day: str, log: Path) -> str:
    """What the failed run of a day says."""
    with dg.DagsterInstance.from_config(str(tiny.home.dagster)) as instance:
        for _ in wait_for(f"a failed run for {day}", 300, log):
            failed = instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.FAILURE]))
            found = [run for run in failed if run.tags.get("dagster/partition") == day]
            if found:
                kind = dg.DagsterEventType.STEP_FAILURE
                records = instance.get_records_for_run(found[0].run_id, of_type=kind).records
                event: Any = records[0].event_log_entry.get_dagster_event()
                return str(event.step_failure_data.user_failure_data.description)
    raise AssertionError


def test_from_a_dropped_file_to_the_live_answer(fresh: Tiny, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECSYS_DAGSTER", str(fresh.home.dagster))
    with dagster_dev(fresh) as log:
        first = wait_for_day(fresh, "2026-01-24", log)  # the sensor's first look takes in what is there

        fresh.write_day(date(2026, 1, 25))
        second = wait_for_day(fresh, "2026-01-25", log)
        assert second["live"] != first["live"]
        assert second["previous"] == first["live"]
        manifest = Manifest.load(fresh.home.release(NAME, second["live"]) / "manifest.json")
        assert manifest.metadata.continued is not None
        assert manifest.metadata.continued.last == "2026-01-25"
        # Neither release was trained on the day that they were compared on.
        assert manifest.metadata.metrics["live"]["against"] == "live"
        assert manifest.metadata.metrics["live"]["release"] == first["live"]
        assert fresh.json("recommend", NAME, "--user", "7")["release"] == second["live"]

        corrupt = fresh.home.data(NAME) / "interactions" / "2026-01-26.parquet"
        corrupt.write_bytes(b"not a Parquet file")
        message = wait_for_failure(fresh, "2026-01-26", log)
        assert "2026-01-26.parquet" in message
        assert "\n" not in message
        assert fresh.json("status")["releases"][NAME]["live"] == second["live"]
        assert fresh.json("recommend", NAME, "--user", "7")["release"] == second["live"]
        assert not fresh.home.interactions(NAME, "2026-01-26").exists()
