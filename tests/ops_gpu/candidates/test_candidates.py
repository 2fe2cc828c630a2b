from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ops_gpu.candidates.candidates import (
    BITS,
    FALLBACK,
    FIRST_RANKED,
    FIRST_SOURCES,
    Candidates,
    SourceList,
    top_of_rows,
)
from ops_gpu.primitives.ragged import Ragged
from ops_gpu.primitives.tie_order import tie_order

Lists = list[list[int]]
source_rows = st.lists(st.lists(st.integers(3, 9), unique=True, max_size=5), min_size=3, max_size=3)
found_by = st.dictionaries(st.sampled_from(list(BITS)), source_rows)


def as_source(rows: Lists) -> SourceList:
    items = Ragged.from_lists(rows, np.int32)
    return SourceList(items, np.zeros(len(items.values), np.float32))


@given(found_by)
def test_union(found: dict[str, Lists]) -> None:
    union = Candidates.union({name: as_source(rows) for name, rows in found.items()}, 3)
    assert len(union.items) == 3 and union.items.values.dtype == np.int32
    source, rank = union.items.with_values(union.source), union.items.with_values(union.rank)
    for user in range(3):
        lists = {name: rows[user] for name, rows in found.items()}
        items = sorted(set().union(*lists.values()))
        assert union.items[user].tolist() == items
        for item, bits, ranks in zip(items, source[user], rank[user], strict=True):
            assert bits == sum(BITS[name] for name, row in lists.items() if item in row)
            expected = [
                1 / (1 + lists[n].index(item)) if item in lists.get(n, []) else 0 for n in FIRST_SOURCES[:FIRST_RANKED]
            ]
            np.testing.assert_array_equal(ranks, np.array(expected, np.float32))


def test_no_users_and_no_sources() -> None:
    for union in (Candidates.union({}, 2), Candidates.union({"popular": as_source([[], []])}, 2)):
        assert union.items.lengths.tolist() == [0, 0] and union.rank.shape == (0, 4)
    assert len(Candidates.union({"popular": as_source([])}, 0).items) == 0


def test_keep() -> None:
    union = Candidates.union({"popular": as_source([[7, 5], [9]]), "history": as_source([[5], [4]])}, 2)
    kept = union.keep(union.source == BITS["popular"])
    assert [row.tolist() for row in kept.items] == [[7], [9]]
    assert kept.source.tolist() == [2, 2] and kept.rank[:, 1].tolist() == [1, 1]


def test_every_source_has_a_bit_of_its_own() -> None:
    assert BITS == {"two_tower": 1, "popular": 2, "history": 4, "co_occurrence": 8, "implicit": 16}
    assert sum(BITS.values()) | FALLBACK == sum(BITS.values()) + FALLBACK


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(3, 9), st.integers(-2, 2)), unique_by=lambda r: r[:2]),
    st.integers(0, 4),
)
def test_top_of_rows(entries: list[tuple[int, int, int]], size: int) -> None:
    lists = [[(item, score) for user, item, score in entries if user == row] for row in range(4)]
    items = Ragged.from_lists([[item for item, _ in row] for row in lists], np.int32)
    score = np.array([score for row in lists for _, score in row], np.float32)
    best = top_of_rows(items, score, size)
    for user in range(4):
        ranked = sorted((-s, int(tie_order(np.array(i))), i) for r, i, s in entries if r == user)[:size]
        assert best.items[user].tolist() == [i for _, _, i in ranked]
        assert best.items.with_values(best.score)[user].tolist() == [-s for s, _, _ in ranked]
