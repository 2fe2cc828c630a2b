from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from recsys_assets.automation.run_lock import Holder, RunLock
from resources.home import Home

ROOT = Path(__file__).parents[3]
HOLD = """
import sys, time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from recsys_assets.automation.run_lock import RunLock
with RunLock(Path(sys.argv[1])).held("aaaaaaaa-1", "a command", print):
    print("held", flush=True)
    time.sleep(600)
"""


def nobody(holder: Holder | None) -> None:
    raise AssertionError(f"waits for {holder}")


@pytest.fixture
def lock(tmp_path: Path) -> RunLock:
    return RunLock(tmp_path / "runs")


@contextmanager
def elsewhere(lock: RunLock) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lock; it is killed at the end of the block, if it lives so long."""
    command, environment = [sys.executable, "-c", HOLD, str(lock.folder)], {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        try:
            assert process.stdout is not None and process.stdout.readline() == "held\n"
            yield process
        finally:
            process.kill()


def test_whoever_holds_it_is_known_and_forgotten(lock: RunLock) -> None:
    assert lock.holder() is None and lock.is_alive("aaaaaaaa-1") is None
    with lock.held("aaaaaaaa-1", "a command or the UI", nobody):
        holder = lock.holder()
        assert holder is not None and holder.pid == os.getpid()
        assert str(holder).startswith("run aaaaaaaa (started by a command or the UI, at 20")
        assert lock.is_alive("aaaaaaaa-1") is True
    assert lock.holder() is None and lock.is_alive("aaaaaaaa-1") is None
    assert [path.name for path in lock.folder.iterdir()] == ["lock"]


def test_the_second_waits_until_the_first_is_done_and_says_for_whom(lock: RunLock) -> None:
    order, told = list[str](), list[Holder | None]()

    def second() -> None:
        with lock.held("bbbbbbbb-2", "a sensor", told.append):
            order.append("second")

    with lock.held("aaaaaaaa-1", "a command", nobody):
        thread = threading.Thread(target=second)
        thread.start()
        deadline = time.monotonic() + 20
        while not told:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        assert lock.is_alive("bbbbbbbb-2") is True  # waiting is being alive
        order.append("first")
    thread.join(20)
    assert order == ["first", "second"]
    assert told[0] is not None and told[0].run_id == "aaaaaaaa-1"


def test_a_killed_run_holds_nothing_back_and_is_known_to_be_dead(lock: RunLock) -> None:
    with elsewhere(lock) as process:
        assert lock.holder() is not None and lock.is_alive("aaaaaaaa-1") is True
        process.send_signal(signal.SIGKILL)
        process.wait(20)
        assert lock.holder() is None and lock.is_alive("aaaaaaaa-1") is False
        with lock.held("bbbbbbbb-2", "a sensor", nobody):
            assert lock.holder().run_id == "bbbbbbbb-2"  # type: ignore[union-attr]
        lock.bury("aaaaaaaa-1")
        assert lock.is_alive("aaaaaaaa-1") is None


def test_a_run_that_fails_gives_it_back(lock: RunLock) -> None:
    with pytest.raises(RuntimeError), lock.held("aaaaaaaa-1", "a command", nobody):
        raise RuntimeError
    assert lock.holder() is None


def test_recommenders_and_what_they_served_do_not_wait_for_each_other(tmp_path: Path) -> None:
    home = Home.at(tmp_path)
    locks = [RunLock.of(home, "shop"), RunLock.of(home, "films"), RunLock.of(home, "shop", served=True)]
    with locks[0].held("a", "x", nobody), locks[1].held("b", "x", nobody), locks[2].held("c", "x", nobody):
        assert [lock.holder().run_id for lock in locks] == ["a", "b", "c"]  # type: ignore[union-attr]


def test_those_who_look_do_not_see_each_other(lock: RunLock) -> None:
    with lock.held("aaaaaaaa-1", "a command", nobody):
        pass
    seen, until = list[Holder | None](), time.monotonic() + 0.5

    def look() -> None:
        while time.monotonic() < until:
            seen.append(lock.holder())

    threads = [threading.Thread(target=look) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(seen) > 10 and set(seen) == {None}


def test_a_note_that_vanishes_while_it_is_read_is_nobodys(lock: RunLock, monkeypatch: pytest.MonkeyPatch) -> None:
    """As of a run that ends just now: the note goes before the lock is given back."""
    with lock.held("aaaaaaaa-1", "a command", nobody):
        monkeypatch.setattr("recsys_assets.automation.run_lock.read_json", gone)
        assert lock.holder() == Holder("unknown", "somebody", "just now", 0)
    assert lock.holder() is None


def gone(path: Path) -> None:
    raise FileNotFoundError(path)


def test_a_run_is_dead_at_no_moment_of_its_life(lock: RunLock) -> None:
    """Neither as it begins nor as it ends: a sign that is not locked is there of a killed process alone."""
    stop, seen = threading.Event(), set[bool | None]()

    def look() -> None:
        while not stop.is_set():
            seen.add(lock.is_alive("aaaaaaaa-1"))

    thread = threading.Thread(target=look)
    thread.start()
    for _ in range(300):
        with lock.alive("aaaaaaaa-1"):
            pass
    with lock.alive("aaaaaaaa-1"):  # a busy machine may not have looked in between
        until = time.monotonic() + 20
        while True not in seen and time.monotonic() < until:
            time.sleep(0.001)
    stop.set()
    thread.join(20)
    assert seen == {True, None}
    assert not list(lock.folder.iterdir())
