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
