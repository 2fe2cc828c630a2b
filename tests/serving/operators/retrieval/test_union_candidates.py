from __future__ import annotations

import numpy as np
import pytest

from ops_gpu.primitives.ragged import Ragged
from serving.operators.retrieval.union_candidates import UnionCandidates, candidates_of


def test_each_item_comes_once_and_knows_its_sources() -> None:
    popular, nearest = Ragged.from_lists([[7, 5], [4]], np.int32), Ragged.from_lists([[5], []], np.int32)
    columns = {
        "popular_item": popular,
        "popular_score": popular.with_values(popular.values.astype(np.float32)),
        "two_tower_item": nearest,
        "two_tower_score": nearest.with_values(np.ones(1, np.float32)),
    }
    result = candidates_of(UnionCandidates(("two_tower", "popular")).transform(dict(columns)))
    assert [result.items[row].tolist() for row in range(2)] == [[5, 7], [4]]
    assert result.source.tolist() == [3, 2, 2]
    assert result.rank[:, 0].tolist() == [1.0, 0.0, 0.0] and result.rank[:, 1].tolist() == [0.5, 1.0, 1.0]


@pytest.mark.parametrize("sources", [(), ("popular", "magic")])
def test_unknown_sources_are_refused(sources: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="at least one of two_tower"):
        UnionCandidates(sources)


def test_every_source_has_a_bit_of_its_own_where_the_recommender_names_them() -> None:
    names = (*(f"source_{n}" for n in range(31)), "popular")
    assert len(names) == 32
    columns: dict[str, Ragged] = {}
    for place, name in enumerate(names):
        items = Ragged.from_lists([[40, 3 + place]], np.int32)
        columns |= {f"{name}_item": items, f"{name}_score": items.with_values(np.ones(2, np.float32))}
    union = UnionCandidates(names, names)
    found = candidates_of(union.transform(dict(columns)), named=True)
    wide = dict(zip(found.items[0].tolist(), found.sources.tolist(), strict=True))
    assert wide.pop(40) == 2**32 - 1 and wide == {3 + place: 1 << place for place in range(32)}
    assert found.rank.shape == (33, 32) and found.source.tolist() == [32] * 31 + [2, 34]
    assert "candidate_sources" in union.output_names(())


def test_more_sources_than_bits_are_refused() -> None:
    names = tuple(f"source_{n}" for n in range(33))
    with pytest.raises(ValueError, match="tells 32 sources apart, got 33"):
        UnionCandidates(names[:1], names)
    with pytest.raises(ValueError, match="joins at least one of a, b, got"):
        UnionCandidates(("popular",), ("a", "b"))
