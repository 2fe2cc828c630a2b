from __future__ import annotations

import logging
import threading

import pytest

from serving.triton.python_backend.periodic_worker import PeriodicWorker

LONG = 3600.0


def counted(name: str, done: list[str], reached: threading.Event, times: int) -> object:
    def work() -> None:
        done.append(name)
        if done.count(name) == times:
            reached.set()

    return work


def test_each_work_has_its_own_time_and_all_is_done_at_the_end() -> None:
    done: list[str] = []
    reached = threading.Event()
    often, seldom = counted("often", done, reached, 3), counted("seldom", done, threading.Event(), 1)
    background = PeriodicWorker({often: 0.01, seldom: LONG})  # type: ignore[dict-item]
    assert reached.wait(10)
    assert "seldom" not in done
    background.close()
    assert done[-2:] == ["often", "seldom"]


def test_what_hurries_is_done_now() -> None:
    done: list[str] = []
    reached = threading.Event()
    background = PeriodicWorker({counted("seldom", done, reached, 1): LONG})  # type: ignore[dict-item]
    background.hurry()
    assert reached.wait(10)
    background.close()
    assert done == ["seldom", "seldom"]


def test_an_exception_is_said_and_the_next_time_comes(caplog: pytest.LogCaptureFixture) -> None:
    tried = threading.Semaphore(0)

    def broken() -> None:
        tried.release()
        raise ValueError("no more ink")

    with caplog.at_level(logging.ERROR):
        background = PeriodicWorker({broken: 0.01})
        assert all(tried.acquire(timeout=10) for _ in range(2))
        background.close()
    assert "broken failed" in caplog.text and "no more ink" in caplog.text
