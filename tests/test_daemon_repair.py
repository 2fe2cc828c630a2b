"""Faults in a running installation: what is repaired follows by itself, what was live comes back."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.dagster_dev import dagster_dev, wait_for
from tests.test_daemon import LATER, failures, prepared, wait_for_day
from tests.tiny import NAME, Tiny

pytestmark = [
    pytest.mark.long,
    pytest.mark.triton,
    pytest.mark.daemon,
    pytest.mark.timeout(1800),
]


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Tiny]:
    """A recommender of which only the raw logs are there, and the last of them not yet."""
    with prepared(tmp_path) as made:
        yield made


def test_a_repaired_file_is_carried_to_the_live_answer(
    fresh: Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECSYS_DAGSTER", str(fresh.home.dagster))
    logs = fresh.home.data(NAME) / "interactions"
    with dagster_dev(fresh) as log:
        first = wait_for_day(fresh, "2026-01-24", log)
        (logs / LATER).write_bytes((tmp_path / LATER).read_bytes()[:200])  # cut off while it was copied
        for _ in wait_for("a failed run", 300, log):
            if failures(fresh):
                break
        assert LATER in failures(fresh)["2026-01-25"]
        assert fresh.json("status")["releases"][NAME]["live"] == first["live"]

        (tmp_path / LATER).rename(logs / LATER)
        second = wait_for_day(fresh, "2026-01-25", log, after_failures=True)
        assert second["previous"] == first["live"]


def test_a_killed_server_comes_back_with_what_was_live(tiny: Tiny) -> None:
    before = tiny.json("status")
    release = before["releases"][NAME]["live"]
    (killed,) = listening_at(before["grpc_url"])
    psutil.Process(killed).send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 30
    while tiny.recsys("recommend", NAME, "--user", "7").returncode != 0 or killed in listening_at(before["grpc_url"]):
        assert time.monotonic() < deadline, "its keeper starts it again by itself"
    assert tiny.json("recommend", NAME, "--user", "7")["release"] == release
    after = tiny.json("status")
    assert after["running"] and after["grpc_url"] == before["grpc_url"]
    assert after["releases"][NAME]["live"] == release


def listening_at(url: str) -> set[int]:
    """Processes that listen there."""
    port = int(url.rpartition(":")[2])
    there = psutil.net_connections("tcp")
    return {c.pid for c in there if c.status == psutil.CONN_LISTEN and c.laddr.port == port and c.pid}
