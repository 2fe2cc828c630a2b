from __future__ import annotations

import threading
import time
from typing import Any

import grpc

from serving.client.fixed_rate_load import CLIENTS, steady_load
from tests.serving.canned_server import CannedServer


def test_requests_are_sent_at_their_moments_in_turn() -> None:
    with CannedServer() as server:
        found = steady_load(server.url, "shop", [1, 2, 3], 4, rate=100, seconds=1.0)
        asked = len(server.requests) - CLIENTS  # one a client opened its connection
    assert (found.errors, len(found.milliseconds), asked) == (0, 100, 100)
    assert 80 < found.summary()["requests_per_s"] <= 100


def test_who_stops_is_late_for_all_that_was_due_meanwhile() -> None:
    started = threading.Event()
    begun: list[float] = []

    def stand_still(_: Any) -> None:
        if not started.is_set():
            return
        begun.append(time.monotonic())
        time.sleep(max(0.0, begun[0] + 0.5 - time.monotonic()))

    with CannedServer(before=stand_still) as server:
        threading.Timer(0.2, started.set).start()
        found = steady_load(server.url, "shop", [1], 4, rate=100, seconds=1.0)
    late = sum(spent > 100 for spent in found.milliseconds)
    assert found.errors == 0 and len(found.milliseconds) == 100
    assert 25 <= late <= 80, "of some fifty that were due while it stood still, those of the first 0.4 s"
    assert max(found.milliseconds) > 400


def test_failures_are_counted_and_not_tried_again() -> None:
    failure = (grpc.StatusCode.UNAVAILABLE, "away")
    with CannedServer() as server:

        def fail_later(_: Any) -> None:
            if len(server.requests) == CLIENTS + 10:
                server.failures += [failure] * 5

        server.before = fail_later
        found = steady_load(server.url, "shop", [1], 4, rate=100, seconds=0.5)
    assert found.errors == 5 and len(found.milliseconds) == 45


def test_who_does_not_keep_up_is_not_said_to() -> None:
    slow = threading.Lock()

    def one_after_another(_: Any) -> None:
        with slow:
            time.sleep(0.02)

    with CannedServer(before=one_after_another) as server:
        found = steady_load(server.url, "shop", [1], 4, rate=150, seconds=0.5)
    assert found.summary()["requests_per_s"] < 60
    assert len(found.milliseconds) + found.unsent == 75 and found.unsent > 0, "it is left alone after twice the time"
