from __future__ import annotations

import sys

import numpy as np
import pytest

from ops_gpu.tiered import KeyType
from ops_gpu.tiered.rows.keys import KeyBatch
from ops_gpu.tiered.tiers.memory_tier import MemoryTier
from tests.ops_gpu.tiered.stores import HISTORY, VECTOR, histories, vectors

BUDGET = 40_000


def batch(keys: np.ndarray) -> KeyBatch:
    return KeyBatch.of(keys.astype("S"), KeyType.BYTES)


def test_rows_of_any_length_stay_within_the_budget() -> None:
    random = np.random.default_rng(0)
    tier = MemoryTier(BUDGET, HISTORY, KeyType.BYTES, 60)
    for _ in range(60):
        keys = batch(random.choice(2_000, 150, replace=False))
        rows = HISTORY.encode(histories(random.integers(0, 500, 150)))
        tier.offer(keys, np.ones(150, np.bool_), rows)
        assert tier.nbytes <= BUDGET
        tier.write(keys.take(np.arange(40)), HISTORY.encode(histories(np.full(40, 9))))  # longer than most
        assert tier.nbytes <= BUDGET
    assert tier.nbytes > BUDGET * 0.8
    held = tier.find(batch(np.arange(2_000)))
    counted = sum(sys.getsizeof(row) for row in held.rows[held.held].tolist())
    assert 0 < counted < tier.nbytes
    tier.forget(None)
    assert tier.nbytes == MemoryTier(BUDGET, HISTORY, KeyType.BYTES, 60).nbytes, "what was let go is still counted"


def test_a_row_larger_than_the_memory_is_not_kept() -> None:
    tier = MemoryTier(4_000, HISTORY, KeyType.INT64, 60)
    columns = histories([1])
    columns["city"] = np.array([b"x" * 9_000])
    tier.offer(KeyBatch.of([1], KeyType.INT64), np.ones(1, np.bool_), HISTORY.encode(columns))
    assert tier.nbytes <= 4_000 and not tier.find(KeyBatch.of([1], KeyType.INT64)).held[0]


def test_keys_that_only_share_a_tag_are_told_apart() -> None:
    tier = MemoryTier(BUDGET, VECTOR, KeyType.BYTES, 60)
    mine = batch(np.array([1, 2]))
    tier.offer(mine, np.ones(2, np.bool_), VECTOR.encode(vectors([1, 2])))
    other = KeyBatch(np.array([b"other"]), mine.tags[:1])
    assert not tier.find(other).held[0]
    tier.offer(other, np.ones(1, np.bool_), VECTOR.encode(vectors([9])))
    tier.write(other, VECTOR.encode(vectors([9])))
    tier.write(other, None)
    found = tier.find(mine)
    assert found.known.all() and VECTOR.decode(found.rows)["count"].tolist() == [1, 2]  # type: ignore[union-attr]


def test_a_slot_is_worth_its_bytes() -> None:
    tier = MemoryTier(1_000_000, VECTOR, KeyType.INT64)
    assert 1_000_000 * 0.85 < tier.nbytes <= 1_000_000 and tier.slots == 1_000_000 // (18 + 20) // 8 * 8
    assert MemoryTier(1_000_000, VECTOR, KeyType.INT64, count=100).slots == 200
    with pytest.raises(ValueError, match="too few for 8 rows"):
        MemoryTier(100, VECTOR, KeyType.INT64)
