from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops_gpu.primitives.stable_hash import hash_integers
from ops_gpu.tiered.tiers.bucket_table import PERIOD, WAYS, BucketTable
from ops_gpu.tiered.tiers.frequency_sketch import MOST, FrequencySketch


def tags(*numbers: int) -> np.ndarray:
    return hash_integers(np.array(numbers))


@given(st.lists(st.lists(st.integers(0, 60), min_size=1, unique=True), max_size=30))
def test_every_key_has_a_slot_of_its_own(batches: list[list[int]]) -> None:
    table = BucketTable(3 * WAYS)
    owner: dict[int, int] = {}
    for batch in batches:
        mine = tags(*batch)
        new = mine[table.find(mine) < 0]
        for tag, slot in zip(new.tolist(), table.place(new).tolist(), strict=True):
            if slot >= 0:
                owner = {t: s for t, s in owner.items() if s != slot} | {tag: slot}
        assert len(set(owner.values())) == len(owner) <= table.slots
        known = np.array(list(owner), np.uint64)
        assert table.find(known).tolist() == list(owner.values())
        absent = np.array([t for t in tags(*range(61)).tolist() if t not in owner], np.uint64)
        assert (table.find(absent) == -1).all()


def test_the_frequent_stay_and_the_frequent_come() -> None:
    table = BucketTable(WAYS)
    hot = tags(*range(WAYS))
    slots = table.place(hot)
    assert sorted(slots) == list(range(WAYS))
    for _ in range(5):
        table.count(slots, WAYS)
    passing = tags(*range(100, 200))
    assert (table.place(passing) == -1).all(), "one visit drove out who came six times"
    newcomer = tags(7_000)
    taken = [table.place(newcomer)[0] for _ in range(8)]
    assert taken[0] == -1 and taken[-1] >= 0


def test_what_was_hot_once_fades() -> None:
    table = BucketTable(WAYS)
    slots = table.place(tags(*range(WAYS)))
    for _ in range(20):
        table.count(slots, WAYS)
    table.count(slots[:0], 1_000)  # others are asked for meanwhile
    for _ in range(3):
        table.count(slots[:0], PERIOD * WAYS)
    assert table.place(tags(500))[0] >= 0


def test_free_slots_are_taken_first_and_tag_0_never() -> None:
    table = BucketTable(WAYS)
    slots = table.place(tags(*range(WAYS)))
    table.free(slots[2:3])
    assert table.find(tags(2))[0] == -1
    zero = np.zeros(1, np.uint64)
    assert table.find(zero)[0] == table.place(zero)[0] == -1
    assert table.place(tags(99))[0] == slots[2]


def test_a_skewed_stream_is_held_nearly_as_well_as_possible() -> None:
    random = np.random.default_rng(0)
    shares = np.arange(1, 20_001) ** -1.05
    shares /= shares.sum()
    draws = random.permutation(20_000)[random.choice(20_000, 400_000, p=shares)]
    table, found = BucketTable(2_000), []
    for batch in np.array_split(hash_integers(draws), 800):
        slots = table.find(batch)
        table.count(slots[slots >= 0], len(batch))
        found.append((slots >= 0).mean())
        table.place(np.unique(batch[slots < 0]))
    hit_rate = np.mean(found[400:])
    assert hit_rate > shares[:2_000].sum() - 0.04
    assert hit_rate > least_recently_used(draws.tolist(), 2_000) + 0.015


def least_recently_used(draws: list[int], room: int) -> float:
    """Hit rate of the second half with the plainest of caches."""
    held, hits = dict[int, None](), 0
    for number, key in enumerate(draws):
        if key in held:
            hits += number >= len(draws) // 2
            del held[key]
        held[key] = None
        if len(held) > room:
            del held[next(iter(held))]
    return hits / (len(draws) / 2)


def test_a_sketch_counts_never_too_low_and_forgets() -> None:
    sketch = FrequencySketch(1 << 10)
    many = tags(*range(300))
    for _ in range(3):
        sketch.add(many[:100])
    sketch.add(many[100:])
    assert (sketch.estimate(many[:100]) >= 3).all() and (sketch.estimate(many[100:]) >= 1).all()
    assert np.median(sketch.estimate(many[100:])) == 1
    for _ in range(40):
        sketch.add(many[:1])
    assert sketch.estimate(many[:1])[0] == MOST
    for _ in range(4):
        sketch.halve()
    assert not sketch.estimate(many).any()


@pytest.mark.parametrize("slots", [0, 1, 8, 9, 1000])
def test_room(slots: int) -> None:
    assert BucketTable(slots).slots == max(WAYS, slots // WAYS * WAYS)
