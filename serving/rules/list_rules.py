"""ListRules: what a recommender's lists must hold, and the item columns that tell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import polars as pl

from ops_gpu.workflow.workflow import Workflow
from serving.rules.condition import Condition
from serving.rules.item_attributes import ItemAttributes
from serving.rules.ordering_config import OrderingConfig


@dataclass(frozen=True)
class ListRules:
    """Filters and ordering of one recommender.

    Args:
        filters: conditions that a recommended item must meet.
        ordering: how lists are made of scored candidates.
        items: the raw items table; filters read it.

    Raises:
        ValueError: for filters without an items table.
    """

    filters: Sequence[Condition] = ()
    ordering: OrderingConfig = field(default_factory=OrderingConfig)
    items: pl.DataFrame | None = None

    def __post_init__(self) -> None:
        if self.filters and self.items is None:
            raise ValueError(f"{len(self.filters)} filters read raw item columns; give the items table.")

    def attributes(self, workflow: Workflow, size: int) -> ItemAttributes | None:
        """The item columns that the filters read, by item code; None where there is no filter.

        Args:
            workflow: gives the codes.
            size: number of item codes.
        """
        if self.items is None or not self.filters:
            return None
        return ItemAttributes.of(self.items, (condition.item for condition in self.filters), workflow, size)
