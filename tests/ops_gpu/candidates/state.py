"""Item state, histories and vectors that the sources are tested on, and how single users are asked for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ops_gpu.candidates.candidates import SourceList
from ops_gpu.candidates.index import ItemIndex
from ops_gpu.interactions.events import DAY, Events
from ops_gpu.interactions.histories import Histories
from ops_gpu.interactions.item_state import ItemState, ItemStateConfig
from tests.ops_gpu.toys import everyone, toy_events


@dataclass(frozen=True)
class State:
    """What is known at day 15 of a log of 20; the last user has no history, two items no event.

    Args:
        events: the log.
        users: all user codes.
        item_state: item state; codes 5 and 8 are not available.
        histories: of all users.
        embeddings: float32 `[items, 8]`, multiples of 1/8: their products are exact, in any order of adding up.
        vectors: the same of the users.
    """

    events: Events
    users: npt.NDArray[np.int64]
    item_state: ItemState
    histories: Histories
    embeddings: npt.NDArray[np.float32]
    vectors: npt.NDArray[np.float32]

    @classmethod
    def make(cls, seed: int = 0, users: int = 14, items: int = 40) -> State:
        events = toy_events(seed, users=users, items=items, count=400)
        available = np.arange(items) >= 3
        available[[5, 8]] = False
        item_state = ItemState.build(events, 15 * DAY, available, ItemStateConfig())
        random = np.random.default_rng(seed)
        vectors = random.integers(-8, 9, (items + users, 8)).astype(np.float32) / 8
        mine = everyone(events)
        histories = Histories.from_events(events.before(15 * DAY), mine)
        return cls(events, mine, item_state, histories, vectors[:items], vectors[items + 3 :])

    @property
    def index(self) -> ItemIndex:
        """An exact index over what is on offer."""
        return ItemIndex.build(self.embeddings, self.item_state.available)

    def single(self, row: int) -> Histories:
        """The history of one user, as a request for that user alone has it."""
        return Histories.from_events(self.events.before(15 * DAY), self.users[row : row + 1])

    def seen(self, row: int) -> set[int]:
        """Items of one user's history."""
        return set(self.histories.items[row].tolist())


def same_row(batch: SourceList, row: int, single: SourceList) -> None:
    """Asserts that a row of a batch is, bit for bit, the only row of a list."""
    np.testing.assert_array_equal(batch.items[row], single.items[0])
    np.testing.assert_array_equal(batch.items.with_values(batch.score)[row], single.score)
