"""Candidates that co-occur with what the user chose lately."""

from __future__ import annotations

from ops_gpu.candidates.related_items import RelatedItems
from ops_gpu.interactions.histories import Histories
from ops_gpu.interactions.item_state import ItemState


def co_occurring(
    item_state: ItemState, histories: Histories, length: int = 100, half_life_days: float = 60.0
) -> RelatedItems:
    """Every item that any of a user's items co-occurs with, with summed similarity.

    Args:
        item_state: item state with neighbours.
        histories: complete histories, a row a user.
        length: liked items of a user that count.
        half_life_days: age at which an item of the user weighs half.
    """
    near = item_state.neighbours
    return RelatedItems.of(near.items, near.similarity, histories, item_state.as_of, length, half_life_days)
