"""Candidates that are popular now, by decayed counts of positive events."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ops_gpu.candidates.candidates import SourceList
from ops_gpu.candidates.unseen import first_unseen_of_one
from ops_gpu.interactions.histories import Histories
from ops_gpu.interactions.item_state import ItemState


def popular_order(item_state: ItemState) -> npt.NDArray[np.int32]:
    """All available items that anybody liked, most popular first (all-time count, then code, on ties)."""
    codes = np.flatnonzero(item_state.available & (item_state.total > 0))
    order = np.lexsort((codes, -item_state.total[codes], -item_state.popular[codes]))
    return codes[order].astype(np.int32)


def retrieve_popular(
    order: npt.NDArray[np.int32],
    item_state: ItemState,
    histories: Histories,
    size: int,
    repeats: bool = False,
) -> SourceList:
    """The first `size` items of `order` that each user has not seen (all of them with `repeats`).

    Args:
        order: int32 item codes, most popular first, as `popular_order` gives it.
        item_state: the item state that ordered them.
        histories: the users' complete histories.
        size: candidates a user.
        repeats: whether seen items may come back.
    """
    places = first_unseen_of_one(order, len(histories), None if repeats else histories.items, size)
    items = places.with_values(order[places.values])
    return SourceList(items, item_state.popular[items.values])
