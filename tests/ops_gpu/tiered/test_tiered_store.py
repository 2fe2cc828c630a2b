from __future__ import annotations

import hashlib
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ops_gpu.tiered import KeyType, StoreError, StoreSettings, TieredStore, build_store, open_store
from ops_gpu.tiered.rows.keys import KeyBatch
from ops_gpu.tiered.rows.tier import Found
from ops_gpu.tiered.tiers.memory_tier import MemoryTier
from tests.ops_gpu.tiered.stores import VECTOR, DictTier, vectors

ROWS = 5_000
LEAST = StoreSettings(memory_bytes=8 << 20)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Rows of the keys 0, 3, 6, ..., which hold the key, in several batches."""
    path = tmp_path_factory.mktemp("built") / "store"
    build_store(
        path, KeyType.INT64, VECTOR, [(keys, vectors(keys)) for keys in np.arange(0, ROWS * 3, 3).reshape(5, -1)]
    )
    return path


def count(answer: Any) -> list[int]:
    return answer.columns["count"].tolist()  # type: ignore[no-any-return]


def test_where_rows_came_from_is_counted(built: Path) -> None:
    with open_store(built, LEAST) as store:
        keys = np.array([3, 4, 3, 9, 4, -3])
        first = store.read(keys)
        assert count(first) == [3, 0, 3, 9, 0, 0]
        assert first.known.tolist() == [True, False, True, True, False, False]
        assert store.metrics.found == {"memory": 0, "disk": 6} and store.metrics.unknown == 3
        before = store.metrics
        store.read(keys)
        after = store.metrics.since(before)
        assert after.found == {"memory": 6, "disk": 0} and after.unknown == 3 and after.hit_rate() == 1
        assert store.metrics.rows == 12 and store.metrics.hit_rate() == 0.5
        assert 0 < sum(store.metrics.memory.values()) <= LEAST.memory_bytes
        assert store.metrics.answered() == {"memory": 6, "disk": 6, "pending": 0, "unknown": 6}


def test_only_the_columns_asked_for(built: Path) -> None:
    with open_store(built, LEAST) as store:
        assert list(store.read([3], ["count"]).columns) == ["count"]


def test_a_store_that_never_changes_is_opened_without_a_trace(built: Path) -> None:
    def state() -> dict[str, tuple[str, int]]:
        return {f.name: (hashlib.sha256(f.read_bytes()).hexdigest(), f.stat().st_mtime_ns) for f in built.iterdir()}

    before = state()
    for file in built.iterdir():
        file.chmod(0o444)
    with open_store(built, LEAST) as one, open_store(built, LEAST) as other:
        everything = np.arange(ROWS * 3)
        for store in (one, other):
            assert (store.read(everything).known == (everything % 3 == 0)).all()
        with pytest.raises(StoreError, match="opened to be read"):
            one.upsert([3], vectors([4]))
    assert state() == before


def test_nothing_is_left_in_the_temporary_folder(built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    open_store(built, LEAST).close()
    with pytest.raises(ValueError, match="go to RocksDB"):
        open_store(built, StoreSettings(memory_bytes=8 << 20, read_threads=64))
    assert not list(tmp_path.iterdir())


def test_reads_past_the_page_cache_give_the_same(built: Path) -> None:
    with open_store(built, StoreSettings(memory_bytes=8 << 20, direct_io=True)) as store:
        assert count(store.read(np.arange(0, ROWS * 3, 3))) == list(range(0, ROWS * 3, 3))


class SlowTier(DictTier):
    """A last tier that waits with what it found until it may answer, and counts how often it was asked."""

    def __init__(self) -> None:
        super().__init__(VECTOR)
        self.may, self.asked, self.asking = threading.Event(), 0, threading.Event()

    def find(self, batch: KeyBatch) -> Found:
        self.asked += 1
        found = super().find(batch)
        self.asking.set()
        assert self.may.wait(20)
        return found


def slow(share: float | None = None) -> tuple[TieredStore, SlowTier]:
    disk = SlowTier()
    disk.may.set()
    store = TieredStore([MemoryTier(1 << 16, VECTOR, KeyType.INT64), disk], KeyType.INT64, VECTOR, share)
    store.upsert(np.arange(20), vectors(np.arange(20)))
    return store, disk


def test_what_is_missing_is_fetched_in_the_background() -> None:
    store, disk = slow(0.0)
    disk.may.clear()
    answer = store.read([3, 3, 99])
    assert answer.pending.all() and not answer.known.any() and count(answer) == [0, 0, 0]
    assert store.metrics.pending == 3 and store.metrics.unknown == 0 and store.metrics.rows == 3
    assert not store.wait_for_fetches(0.05)
    disk.may.set()
    assert store.wait_for_fetches(20)
    answer = store.read([3, 3, 99])
    assert not answer.pending.any() and answer.known.tolist() == [True, True, False] and count(answer) == [3, 3, 0]
    store.close()


def test_a_batch_with_much_missing_is_waited_for() -> None:
    store, _ = slow(0.5)
    assert not store.read([1, 2]).pending.any()
    assert store.read([1, 2, 3]).pending.tolist() == [False, False, True]
    assert not store.read([1, 11, 12]).pending.any()
    store.close()


def test_an_error_in_the_background_ends_nothing(caplog: pytest.LogCaptureFixture) -> None:
    store, disk = slow(0.0)
    found, disk.find = disk.find, lambda batch: 1 // 0  # type: ignore[method-assign,assignment,return-value]
    store.read([1])
    assert store.wait_for_fetches(20) and "could not be fetched" in caplog.text
    disk.find = found  # type: ignore[method-assign]
    store.read([1])
    assert store.wait_for_fetches(20) and store.read([1]).known.all()
    store.close()


def test_a_row_read_before_a_write_never_comes_back_after_it() -> None:
    """The reader has the old row in hand when the writer comes: it must neither give nor keep it."""
    store, disk = slow()
    disk.may.clear()
    answers: list[list[int]] = []
    reader = threading.Thread(target=lambda: answers.append(count(store.read([5, 6]))))
    reader.start()
    assert disk.asking.wait(20)
    store.upsert([5], vectors([500]))
    disk.may.set()
    reader.join(20)
    assert answers == [[500, 6]] and disk.asked == 2, "the row was to be read again"
    assert count(store.read([5, 6])) == [500, 6] and disk.asked == 2
    store.close()


def test_what_does_not_fit_is_refused_and_nothing_lost(built: Path, tmp_path: Path) -> None:
    path = tmp_path / "store"
    build_store(path, KeyType.INT64, VECTOR, [(np.array([1]), vectors([7]))], mutable=True)
    with open_store(path, LEAST, "write") as store:
        with pytest.raises(ValueError, match="expected int64"):
            store.read(np.array([b"a"]))
        with pytest.raises(ValueError, match="the largest int64"):
            store.read(np.array([2**63], np.uint64))
        with pytest.raises(ValueError, match="2 keys and 1 rows"):
            store.upsert([1, 2], vectors([3]))
        with pytest.raises(ValueError, match="'vector' has the shape"):
            store.upsert([1], {"vector": np.zeros((1, 3)), "count": [1]})
        assert count(store.read([1, 2])) == [7, 0]
        with pytest.raises(StoreError, match="cannot be opened"):
            open_store(path, LEAST, "write")
    with pytest.raises(ValueError, match="mode='write' or mode='follow'"):
        open_store(path)
    with pytest.raises(ValueError, match="mode='read'"):
        open_store(built, mode="write")


def test_keys_of_several_batches_rise(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="comes after a larger one"):
        build_store(tmp_path / "s", KeyType.INT64, VECTOR, [([4], vectors([1])), ([2], vectors([1]))])
    assert not list(tmp_path.iterdir())
    build_store(tmp_path / "s", KeyType.INT64, VECTOR, [([4, -2, 4], vectors([1, 2, 3])), ([5], vectors([4]))])
    with open_store(tmp_path / "s", LEAST) as store:
        assert count(store.read([-2, 4, 5])) == [2, 3, 4]


def test_a_store_takes_the_place_of_a_store_and_of_nothing_else(tmp_path: Path) -> None:
    for value in (1, 2):
        build_store(tmp_path / "s", KeyType.INT64, VECTOR, [([0], vectors([value]))], mutable=value == 1)
    with open_store(tmp_path / "s", LEAST) as store:
        assert count(store.read([0])) == [2]
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "letter.txt").touch()
    with pytest.raises(FileExistsError, match=r"letter\.txt"):
        build_store(tmp_path / "other", KeyType.INT64, VECTOR, [])
    with pytest.raises(StoreError, match="is no store"):
        open_store(tmp_path / "other")


@pytest.mark.parametrize(
    "wrong",
    [{"memory_bytes": 1}, {"read_threads": 0}, {"background_above": 1.5}, {"refresh_seconds": 0}],
)
def test_settings_out_of_range(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=f"{next(iter(wrong))} is"):
        StoreSettings(**wrong)
