from __future__ import annotations

import numpy as np
import pytest

from ops_gpu.candidates.popular import popular_order, retrieve_popular
from ops_gpu.interactions.events import DAY
from ops_gpu.interactions.histories import Histories
from ops_gpu.interactions.item_state import ItemState, ItemStateConfig
from tests.ops_gpu.candidates.state import State, same_row
from tests.ops_gpu.toys import events_of

STATE = State.make()
ORDER = popular_order(STATE.item_state)


def test_the_order_is_by_decayed_count_then_count_then_code() -> None:
    item_state = STATE.item_state
    liked = [code for code in range(item_state.items) if item_state.available[code] and item_state.total[code]]
    assert ORDER.tolist() == sorted(liked, key=lambda c: (-item_state.popular[c], -item_state.total[c], c))
    assert ORDER.dtype == np.int32 and 5 not in ORDER


def test_ties() -> None:
    log = [(3, 9, 0, True), (4, 6, 0, True), (4, 7, 0, True), (5, 8, 0, False)]
    item_state = ItemState.build(events_of(log), DAY, np.arange(24) >= 3, ItemStateConfig())
    assert popular_order(item_state).tolist() == [6, 7, 9]


@pytest.mark.parametrize("repeats", [False, True])
@pytest.mark.parametrize("size", [1, 6, 1000])
def test_the_first_that_each_user_has_not_seen(size: int, repeats: bool) -> None:
    found = retrieve_popular(ORDER, STATE.item_state, STATE.histories, size, repeats)
    for row in range(len(STATE.users)):
        fresh = [code for code in ORDER.tolist() if repeats or code not in STATE.seen(row)]
        assert found.items[row].tolist() == fresh[:size]
    np.testing.assert_array_equal(found.score, STATE.item_state.popular[found.items.values])


def test_a_batch_gives_what_single_users_get() -> None:
    batch = retrieve_popular(ORDER, STATE.item_state, STATE.histories, 6)
    for row in range(len(STATE.users)):
        same_row(batch, row, retrieve_popular(ORDER, STATE.item_state, STATE.single(row), 6))


def test_no_users_and_nothing_popular() -> None:
    nobody = Histories.from_events(STATE.events, np.empty(0, np.int64))
    assert len(retrieve_popular(ORDER, STATE.item_state, nobody, 6).items) == 0
    nothing = retrieve_popular(ORDER[:0], STATE.item_state, STATE.histories, 6)
    assert nothing.items.lengths.tolist() == [0] * len(STATE.users)
