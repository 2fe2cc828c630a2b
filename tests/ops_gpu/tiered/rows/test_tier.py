"""What every tier must do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from ops_gpu.tiered import KeyType, RowFormat, StoreSettings, Tier, build_store, open_store
from ops_gpu.tiered.rows.keys import KeyBatch
from ops_gpu.tiered.tiers.memory_tier import MemoryTier
from tests.ops_gpu.tiered.stores import HISTORY, VECTOR, DictTier, as_lists, histories, vectors

FORMATS = {"fixed": (VECTOR, vectors), "ragged": (HISTORY, histories)}
KEYS = {
    KeyType.INT64: np.array([7, -3, 2**62, 0, 12]),
    KeyType.BYTES: np.array([b"a", b"", b"abc", "é".encode(), b"zz"]),
}


@pytest.fixture(params=["memory", "dict", "last dict", "rocks"])
def tier(request: pytest.FixtureRequest, kind: KeyType, form: str, tmp_path: Path) -> Iterator[Tier]:
    rows = FORMATS[form][0]
    if request.param == "rocks":
        build_store(tmp_path / "store", kind, rows, [], mutable=True)
        store = open_store(tmp_path / "store", StoreSettings(memory_bytes=8 << 20), "write")
        yield store.tiers[-1]
        store.close()
    else:
        made: dict[str, Callable[[], Tier]] = {
            "memory": lambda: MemoryTier(1 << 20, rows, kind, 60),
            "dict": lambda: DictTier(rows, 100),
            "last dict": lambda: DictTier(rows),
        }
        yield made[request.param]()


@pytest.fixture(params=list(KeyType))
def kind(request: pytest.FixtureRequest) -> KeyType:
    return KeyType(request.param)


@pytest.fixture(params=list(FORMATS))
def form(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def filled(tier: Tier, kind: KeyType, form: str, values: list[int]) -> KeyBatch:
    """The keys, after these values became their rows, by whatever way the tier takes rows in."""
    rows, make = FORMATS[form]
    batch, encoded = KeyBatch.of(KEYS[kind], kind), rows.encode(make(values))
    tier.offer(batch, np.ones(len(batch), np.bool_), encoded)
    tier.write(batch, encoded)
    return batch


def given(tier: Tier, batch: KeyBatch, rows: RowFormat) -> list[dict[str, object]]:
    found = tier.find(batch)
    assert found.held.all() and found.known.all()
    columns = rows.decode(found.rows)
    return [as_lists(columns, row) for row in range(len(batch))]


def test_rows_come_back_in_any_order_and_number(tier: Tier, kind: KeyType, form: str) -> None:
    rows, make = FORMATS[form]
    batch = filled(tier, kind, form, [3, 18, 0, 99, 5])
    asked = [4, 0, 2, 2, 1, 0]
    expected = make(np.array([3, 18, 0, 99, 5])[asked])
    assert given(tier, batch.take(np.array(asked)), rows) == [as_lists(expected, row) for row in range(6)]


def test_a_write_takes_the_place_of_what_was_there(tier: Tier, kind: KeyType, form: str) -> None:
    rows, make = FORMATS[form]
    batch = filled(tier, kind, form, [3, 18, 0, 99, 5])
    some = batch.take(np.array([1, 3]))
    tier.write(some, rows.encode(make([70, 71])))
    expected = make([3, 70, 0, 71, 5])
    assert given(tier, batch, rows) == [as_lists(expected, row) for row in range(5)]


def test_what_was_deleted_is_never_given(tier: Tier, kind: KeyType, form: str) -> None:
    batch = filled(tier, kind, form, [3, 18, 0, 99, 5])
    tier.write(batch.take(np.array([0, 2])), None)
    found = tier.find(batch)
    assert not found.known[[0, 2]].any() and found.known[[1, 3, 4]].all()


def test_a_key_that_nobody_wrote_is_not_known(tier: Tier, kind: KeyType, form: str) -> None:
    filled(tier, kind, form, [3, 18, 0, 99, 5])
    others = KeyBatch.of(np.array([1, 2]) if kind == KeyType.INT64 else np.array([b"b", b"ab"]), kind)
    found = tier.find(others)
    assert not found.known.any()
    rows, make = FORMATS[form]
    columns, default = rows.decode(found.rows[found.held]), make([0])
    nothing = as_lists({**default, "vector": np.zeros((1, 4))} if form == "fixed" else default, 0)
    assert all(as_lists(columns, row) == nothing for row in range(int(found.held.sum())))


def test_an_empty_batch(tier: Tier, kind: KeyType, form: str) -> None:
    rows = FORMATS[form][0]
    found = tier.find(KeyBatch.of([], kind))
    assert len(found.held) == len(found.rows) == 0
    rows.decode(found.rows)


def test_what_is_forgotten_is_not_held_by_an_upper_tier(tier: Tier, kind: KeyType, form: str) -> None:
    batch = filled(tier, kind, form, [3, 18, 0, 99, 5])
    tier.forget(batch.tags[:2])
    found = tier.find(batch)
    assert found.known[2:].all() and found.known[:2].any() == (tier.name == "disk")
    tier.forget(None)
    assert tier.find(batch).known.any() == (tier.name == "disk")


def test_memory_is_told(tier: Tier, kind: KeyType, form: str) -> None:
    filled(tier, kind, form, [3, 18, 0, 99, 5])
    assert tier.nbytes > 0
