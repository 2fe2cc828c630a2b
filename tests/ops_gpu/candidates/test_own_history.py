from __future__ import annotations

import numpy as np
import pytest

from ops_gpu.candidates.own_history import retrieve_history
from ops_gpu.interactions.events import DAY
from ops_gpu.interactions.histories import Histories
from ops_gpu.interactions.item_state import ItemState, ItemStateConfig
from tests.ops_gpu.candidates.state import State, same_row
from tests.ops_gpu.toys import events_of, rows_of

STATE = State.make()


@pytest.mark.parametrize("size", [1, 4, 1000])
def test_most_often_chosen_first_the_later_one_on_ties(size: int) -> None:
    found = retrieve_history(STATE.item_state, STATE.histories, size)
    past = rows_of(STATE.events.before(15 * DAY))
    for row, user in enumerate(STATE.users.tolist()):
        liked = [r for r in past if r[0] == user and r[3] and STATE.item_state.available[r[1]]]
        count = {item: sum(r[1] == item for r in liked) for _, item, _, _ in liked}
        last = {item: max(r[2] for r in past if r[:2] == (user, item)) for item in count}
        assert found.items[row].tolist() == sorted(count, key=lambda i: (-count[i], -last[i], i))[:size]


def test_disliked_and_unavailable_items_do_not_come_back() -> None:
    log = [(3, 6, 0, True), (3, 7, 1, False), (3, 5, 2, True), (3, 6, 3, False)]
    available = np.arange(24) != 5
    item_state = ItemState.build(events_of(log), DAY, available, ItemStateConfig())
    found = retrieve_history(item_state, Histories.from_events(events_of(log), np.array([3, 4])), 9)
    assert [row.tolist() for row in found.items] == [[6], []]


def test_a_batch_gives_what_single_users_get() -> None:
    batch = retrieve_history(STATE.item_state, STATE.histories, 5)
    for row in range(len(STATE.users)):
        same_row(batch, row, retrieve_history(STATE.item_state, STATE.single(row), 5))
