from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ops_gpu.ragged import Ragged
from serving.operators.base import Columns
from serving.operators.filter_candidates import SEEN, UNAVAILABLE, FilterCandidates

AVAILABLE = np.arange(20) % 5 != 0


def bound(repeats: bool) -> FilterCandidates:
    release: Any = SimpleNamespace(shared=lambda part, load: SimpleNamespace(available=AVAILABLE))
    operator = FilterCandidates(repeats)
    operator.bind(release)
    return operator


def values(columns: Columns, name: str) -> list[list[Any]]:
    column = columns[name]
    assert isinstance(column, Ragged)
    return [column[row].tolist() for row in range(len(column))]


CODES = st.lists(st.lists(st.integers(0, 19), unique=True, max_size=8), min_size=3, max_size=3)


@given(CODES, CODES, st.booleans())
def test_each_user_keeps_what_is_available_and_unseen(
    candidates: list[list[int]], seen: list[list[int]], repeats: bool
) -> None:
    items = Ragged.from_lists(candidates, np.int32)
    rank = items.with_values(np.stack([items.values, -items.values], axis=1).astype(np.float32))
    past = Ragged.from_lists(seen, np.int32)
    result = bound(repeats).transform({"candidate_item": items, "candidate_rank": rank, "seen_item": past})
    for row, codes in enumerate(candidates):
        gone = {code: UNAVAILABLE * (code % 5 == 0) + SEEN * (not repeats and code in seen[row]) for code in codes}
        assert values(result, "candidate_item")[row] == [code for code in codes if not gone[code]]
        assert values(result, "candidate_rank")[row] == [[code, -code] for code in codes if not gone[code]]
        removed = [(code, reason) for code, reason in gone.items() if reason]
        assert (
            list(zip(values(result, "removed_item")[row], values(result, "removed_reason")[row], strict=True))
            == removed
        )


def test_a_batch_without_any_candidate() -> None:
    empty = Ragged.from_lists([[], []], np.int32)
    result = bound(False).transform({"candidate_item": empty, "seen_item": empty})
    assert values(result, "candidate_item") == [[], []]
