"""Readers and a writer at once, in one process and in two: every answer is the state of one moment."""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from ops_gpu.tiered import KeyType, RowFormat, StoreSettings, TieredStore, build_store, open_store
from ops_gpu.tiered.tiers.change_log import KEPT
from ops_gpu.tiered.tiers.memory_tier import MemoryTier

WIDTH, ROWS, SECONDS = 64, 3_000, 1.2
WIDE = RowFormat.of_dtype(np.dtype([("vector", "i8", (WIDTH,))]))
KEYS = np.arange(ROWS) * 7


def version(number: int, rows: int = ROWS) -> dict[str, np.ndarray]:
    return {"vector": np.full((rows, WIDTH), number)}


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[TieredStore]:
    """A store of 1.5 MB, a third of which fits into memory."""
    build_store(tmp_path / "store", KeyType.INT64, WIDE, [(KEYS, version(0))], mutable=True)
    opened = open_store(tmp_path / "store", StoreSettings(memory_bytes=8 << 20), "write")
    memory = MemoryTier(ROWS // 3 * (WIDTH * 8 + 18), WIDE, KeyType.INT64)
    with TieredStore([memory, opened.tiers[-1]], KeyType.INT64, WIDE) as store:
        yield store


def watch(store: TieredStore, written: Callable[[], int], stop: threading.Event, seed: int, wrong: list[str]) -> None:
    """Reads until the end, and notes what must not be."""
    random, newest = np.random.default_rng(seed), 0
    while not stop.is_set():
        before = written()
        found = np.asarray(store.read(random.choice(KEYS, random.integers(1, 400))).columns["vector"])
        versions = np.unique(found)
        if len(versions) != 1:
            wrong.append(f"versions {versions} in one answer")
        elif versions[0] < before:
            wrong.append(f"version {versions[0]} after {before} was written")
        elif versions[0] < newest:
            wrong.append(f"version {versions[0]} after {newest} was seen")
        newest = max(newest, int(versions[-1]))


def run(writer: TieredStore, readers: list[TieredStore], written: Callable[[int], int]) -> tuple[int, list[str]]:
    """Writes all rows again and again beside two threads a reader; how often, and what was wrong."""
    stop, wrong, done = threading.Event(), list[str](), [0]
    threads = [
        threading.Thread(target=watch, args=(store, lambda: written(done[0]), stop, seed, wrong))
        for seed, store in enumerate(readers * 2)
    ]
    for thread in threads:
        thread.start()
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        writer.upsert(KEYS, version(done[0] + 1))
        done[0] += 1
        time.sleep(0.01)
    stop.set()
    for thread in threads:
        thread.join()
    return done[0], wrong


def test_readers_see_whole_batches_at_once(writer: TieredStore) -> None:
    times, wrong = run(writer, [writer], lambda number: number)
    assert times > 3 and not wrong
    metrics = writer.metrics
    assert min(metrics.found.values()) > 0, "memory and disk were both to be used"


def test_followers_see_whole_batches(writer: TieredStore, tmp_path: Path) -> None:
    settings = StoreSettings(memory_bytes=8 << 20, refresh_seconds=0.02)
    with open_store(tmp_path / "store", settings, "follow") as follower:
        times, wrong = run(writer, [follower], lambda number: 0)
        assert times > 3 and not wrong
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline and np.asarray(follower.read(KEYS).columns["vector"]).max() < times:
            time.sleep(0.02)
        assert (np.asarray(follower.read(KEYS).columns["vector"]) == times).all()
        assert follower.metrics.found["memory"] > 0


def test_a_follower_forgets_only_what_changed_unless_it_lags_far_behind(writer: TieredStore, tmp_path: Path) -> None:
    settings = StoreSettings(memory_bytes=8 << 20, refresh_seconds=3600)
    with open_store(tmp_path / "store", settings, "follow") as follower:
        follower.read(KEYS)
        writer.upsert(KEYS[:10], version(1, 10))
        writer.delete(KEYS[10:12])
        follower.catch_up()  # type: ignore[attr-defined]
        before = follower.metrics
        answer = follower.read(KEYS)
        assert np.asarray(answer.columns["vector"])[:, 0].tolist() == [1] * 10 + [0] * (ROWS - 10)
        assert answer.known.tolist() == [True] * 10 + [False] * 2 + [True] * (ROWS - 12)
        from_disk = follower.metrics.since(before).found["disk"]
        assert 12 <= from_disk < 150, "beside those that changed, only such as found no room in their bucket"
        for number in range(KEPT + 1):
            writer.upsert(KEYS[:1], version(number, 1))
        follower.catch_up()  # type: ignore[attr-defined]
        before = follower.metrics
        assert np.asarray(follower.read(KEYS[:1]).columns["vector"])[0, 0] == KEPT
        follower.read(KEYS[20:30])
        assert follower.metrics.since(before).found == {"memory": 0, "disk": 11}


def test_a_follower_that_nobody_closes_ends_by_itself(
    writer: TieredStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "scratch").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "scratch"))
    before = threading.enumerate()
    follower = open_store(tmp_path / "store", StoreSettings(memory_bytes=8 << 20, refresh_seconds=0.01), "follow")
    watching = next(t for t in threading.enumerate() if t.name == "store-follow" and t not in before)
    follower.read(KEYS)
    assert list((tmp_path / "scratch").iterdir())
    del follower
    gc.collect()
    watching.join(10)
    assert not watching.is_alive() and not list((tmp_path / "scratch").iterdir())
