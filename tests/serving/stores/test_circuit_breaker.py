from __future__ import annotations

import threading
import time
from typing import Any

import numpy as np
import pytest

from ops_gpu.schema.column import ColumnSchema
from ops_gpu.schema.schema import Schema
from serving.stores.circuit_breaker import FAILURES, PATIENCE, PAUSE, QUIET, CircuitBreaker
from serving.stores.feature_store_error import FeatureStoreError

COLUMNS = Schema([ColumnSchema("age", "float64"), ColumnSchema("history_item", "int64", is_list=True)])
IDS = np.array([1, 2, 3])


class Store:
    """A store that can be broken, and hang."""

    never_hangs = False

    def __init__(self) -> None:
        self.broken, self.reader = False, ""
        self.open = threading.Event()
        self.open.set()
        self.reads = self.connections = 0

    def connect(self) -> Any:
        self.connections += 1
        if self.broken:
            raise FeatureStoreError("it is broken")
        return self

    def read(self, ids: Any) -> Any:
        self.reads += 1
        self.reader = threading.current_thread().name
        self.open.wait(10)
        if self.broken or 666 in ids.tolist():
            raise FeatureStoreError("it is broken")
        return {"age": ids * 10.0, "history_item": None}, np.ones(len(ids), np.bool_)


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def reader_of(store: Store) -> tuple[CircuitBreaker, Clock]:
    clock = Clock()
    return CircuitBreaker(store.connect, COLUMNS, clock), clock


def test_a_store_that_is_well_is_read(caplog: pytest.LogCaptureFixture) -> None:
    store = Store()
    reader, _ = reader_of(store)
    for _ in range(3):
        columns, known, degraded = reader.read(IDS)
        assert columns["age"].tolist() == [10, 20, 30] and known.all() and not degraded  # type: ignore[union-attr]
    assert store.connections == 1 and not caplog.messages


def test_a_broken_store_gives_nobody_and_is_then_left_alone_for_a_while(caplog: pytest.LogCaptureFixture) -> None:
    store = Store()
    reader, clock = reader_of(store)
    store.broken = True
    for _ in range(20):
        columns, known, degraded = reader.read(IDS)
        assert degraded and not known.any() and np.isnan(columns["age"]).all()  # type: ignore[arg-type]
        assert columns["history_item"].lengths.tolist() == [0, 0, 0]  # type: ignore[union-attr]
    assert store.connections + store.reads <= FAILURES + 1
    assert len(caplog.messages) == 1 and "marked as degraded: it is broken" in caplog.messages[0]
    clock.now += PAUSE
    asked = store.connections
    assert reader.read(IDS)[2] and store.connections == asked + 1, "one try, over a new connection"
    assert reader.read(IDS)[2] and store.connections == asked + 1
    store.broken = False
    assert reader.read(IDS)[2], "not before the pause is over"
    clock.now += PAUSE
    assert not reader.read(IDS)[2] and not reader.read(IDS)[2]
    assert caplog.messages[1:] == ["The feature store can be read again."]


def test_a_store_that_hangs_costs_one_request_its_time(caplog: pytest.LogCaptureFixture) -> None:
    store = Store()
    reader, clock = reader_of(store)
    store.open.clear()
    spent = []
    for _ in range(30):
        began = time.perf_counter()
        assert reader.read(IDS)[2]
        spent.append(time.perf_counter() - began)
        clock.now += 0.3 * PAUSE
    assert PATIENCE <= max(spent) < PATIENCE + 0.5 and sum(spent) < PATIENCE + 1.0
    assert store.reads == 1, "nothing piles up behind the read that hangs"
    store.open.set()
    deadline = time.monotonic() + 5
    while reader.read(IDS)[2]:
        clock.now += PAUSE
        assert time.monotonic() < deadline
    assert len(caplog.messages) == 2


def test_only_what_may_hang_is_read_by_another_thread() -> None:
    store, mine = Store(), threading.current_thread().name
    reader, _ = reader_of(store)
    assert not reader.read(IDS)[2] and store.reader != mine
    store.never_hangs = True
    assert not reader.read(IDS)[2] and store.reader == mine
    store.broken = True
    assert reader.read(IDS)[2] and store.reader == mine
    store.broken = False
    assert not reader.read(IDS)[2] and store.reader != mine, "opening it anew may hang"


def test_a_damaged_row_degrades_only_who_asks_for_it(caplog: pytest.LogCaptureFixture) -> None:
    store = Store()
    reader, clock = reader_of(store)
    for _ in range(50):
        assert reader.read(np.array([666]))[2]
        assert not reader.read(IDS)[2]
        clock.now += QUIET / 40
    assert len(caplog.messages) <= 6


def test_a_store_that_is_not_there_at_first_is_found_later() -> None:
    store = Store()
    store.broken = True
    reader, clock = reader_of(store)
    assert reader.read(IDS)[2]
    store.broken = False
    clock.now += PAUSE
    assert not reader.read(IDS)[2]


def test_other_errors_are_not_hidden() -> None:
    reader, _ = reader_of(Store())
    with pytest.raises(TypeError):
        reader.read(np.array([None, "x"]))
