"""Candidates that the user has chosen before: repurchases."""

from __future__ import annotations

import numpy as np

from ops_gpu.candidates.candidates import SourceList, top_of_rows
from ops_gpu.interactions.events import DAY
from ops_gpu.interactions.histories import Histories
from ops_gpu.interactions.item_state import ItemState


def retrieve_history(item_state: ItemState, histories: Histories, size: int) -> SourceList:
    """The user's own available items, most often chosen first, the later one on ties.

    Args:
        item_state: says what may be offered, and what time it is.
        histories: complete histories, a row a user; items that were never positive are left out.
        size: candidates a user.
    """
    mine = item_state.available[histories.items.values] & (histories.positive > 0)
    own = histories.items.keep(mine)
    age = np.maximum(item_state.as_of - histories.last[mine], 0)
    score = histories.positive[mine] + 1.0 / (2.0 + age / DAY)  # below one: only ever breaks ties of count
    return top_of_rows(own, score.astype(np.float32), size)
