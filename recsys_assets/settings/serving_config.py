"""Settings: what the live release leaves out, how it orders its lists, and in how much memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ops_gpu.primitives.bounds import check_number
from ops_gpu.primitives.setting_error import SettingError
from serving.rules.condition import Condition
from serving.rules.ordering_config import OrderingConfig


@dataclass(frozen=True)
class ServingConfig:
    """What happens to candidates beside being scored.

    Args:
        filters: conditions that a recommended item must meet.
        ordering: how the list is made of scored candidates.
        item_memory_mb: memory of the server for item features, in MiB. Where they take more, they are served from
            disk, with those asked for most in this memory; 0 always does so, in 8 MiB.

    Raises:
        SettingError: when the memory is out of bounds; when two filters have one name.
    """

    filters: Sequence[Condition] = ()
    ordering: OrderingConfig = field(default_factory=OrderingConfig)
    item_memory_mb: float = 512.0

    def __post_init__(self) -> None:
        check_number(self, 0.0, 1e6, "item_memory_mb")
        names = {"seen", "unavailable"}
        for place, condition in enumerate(self.filters):
            if condition.name in names:
                raise SettingError(
                    f"two reasons to remove a candidate are named {condition.name!r}; give each filter its own name.",
                    *("filters", place, "name"),
                )
            names.add(condition.name)
