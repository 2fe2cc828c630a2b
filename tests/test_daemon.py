"""The real daemon: a dropped file becomes the live answer, a corrupt one changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from ops_gpu.synthetic import DemoData, DemoSettings
from recsys_assets.cli.terminal.run_failure import run_failure
from resources.dagster_home import dagster_environment
from serving.release.manifest import Manifest
from tests.dagster_dev import dagster_dev, wait_for
from tests.tiny import NAME, Tiny

LATER = "2026-01-25.parquet"
pytestmark = [pytest.mark.triton, pytest.mark.daemon, pytest.mark.timeout(1200)]


@contextmanager
def prepared(place: Path) -> Iterator[Tiny]:
    """A recommender of which only the raw logs are there; the last of them lies in `place`."""
    made = Tiny.make(place)
    data = made.home.data(NAME)
    DemoData.generate(DemoSettings(users=300, items=200, days=25, events=6000)).write(data)
    (data / "interactions" / LATER).rename(place / LATER)
    try:
        yield made
    finally:
        made.recsys("stop")


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Tiny]:
    """A recommender of which only the raw logs are there, and the last of them not yet."""
    with prepared(tmp_path) as made:
        yield made


def wait_for_day(tiny: Tiny, day: str, log: Path, after_failures: bool = False) -> dict[str, Any]:
    """The live release once it was trained until a day; a failed run ends the wait, unless one is expected."""
    for _ in wait_for(f"a live release that knows {day}", 500, log):
        live = tiny.json("status")["releases"].get(NAME)
        if live and live["last_day"] == day:
            return dict(live)
        assert after_failures or not failures(tiny), failures(tiny)
    raise AssertionError


def failures(tiny: Tiny) -> dict[str, str]:
    """What failed runs say, by the day (or range) that they were for."""
    found: dict[str, str] = {}
    with dg.DagsterInstance.from_config(str(tiny.home.dagster)) as instance:
        for run in instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.FAILURE])):
            day = run.tags.get("dagster/partition", "several days")
            found[day] = " ".join(run_failure(run.run_id, dagster_environment(tiny.home)))
    return found


def test_from_a_dropped_file_to_the_live_answer(fresh: Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECSYS_DAGSTER", str(fresh.home.dagster))
    with dagster_dev(fresh) as log:
        first = wait_for_day(fresh, "2026-01-24", log)  # the sensor's first look takes in what is there

        (tmp_path / LATER).rename(fresh.home.data(NAME) / "interactions" / LATER)
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
        for _ in wait_for("a failed run for 2026-01-26", 300, log):
            if failures(fresh):
                break
        (message,) = failures(fresh).values()
        assert "2026-01-26.parquet" in message
        assert "\n" not in message
        assert fresh.json("status")["releases"][NAME]["live"] == second["live"]
        assert fresh.json("recommend", NAME, "--user", "7")["release"] == second["live"]
        assert not fresh.home.interactions(NAME, "2026-01-26").exists()

        back = fresh.json("rollback", NAME)
        assert (back["live"], back["previous"]) == (first["live"], second["live"])
        assert back["seconds"] < 5
        assert fresh.json("recommend", NAME, "--user", "7")["release"] == first["live"]
        assert fresh.json("rollback", NAME)["live"] == second["live"]
