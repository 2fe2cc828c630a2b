"""Settings: what the live release leaves out, how it orders its lists, and in how much memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from ops_gpu.primitives.bounds import check_number
from ops_gpu.primitives.setting_error import SettingError
from serving.rules.condition import Condition
from serving.rules.ordering_config import HOTTEST, OrderingConfig, Sampling


@dataclass(frozen=True)
class ServingConfig:
    """What happens to candidates beside being scored.

    Args:
        temperature: 0 gives the best items in order; above, lists are drawn at random, better items first
            more often, so that others get a chance to be seen. Short for `ordering: {softmax_sampling: ...}`.
        filters: conditions that a recommended item must meet.
        ordering: how the list is made of scored candidates.
        item_memory_mb: memory of the server for item features, in MiB. Where they take more, they are served from
            disk, with those asked for most in this memory; 0 always does so, in 8 MiB.

    Raises:
        SettingError: when the temperature or the memory is out of bounds; when an ordering comes beside a temperature;
            when two filters have one name.
    """

    temperature: float = 0.0
    filters: Sequence[Condition] = ()
    ordering: OrderingConfig = field(default_factory=OrderingConfig)
    item_memory_mb: float = 512.0

    def __post_init__(self) -> None:
        check_number(self, 0.0, HOTTEST, "temperature")
        check_number(self, 0.0, 1e6, "item_memory_mb")
        if self.temperature and (self.ordering.way or self.ordering.softmax_sampling):
            raise SettingError(
                f"temperature is {self.temperature}, and ordering makes the list in a way of its own; leave one out.",
                "temperature",
            )
        names = {"seen", "unavailable"}
        for place, condition in enumerate(self.filters):
            if condition.name in names:
                raise SettingError(
                    f"two reasons to remove a candidate are named {condition.name!r}; give each filter its own name.",
                    *("filters", place, "name"),
                )
            names.add(condition.name)

    @property
    def lists(self) -> OrderingConfig:
        """How lists are made, with `temperature` in its place."""
        if not self.temperature:
            return self.ordering
        return replace(self.ordering, softmax_sampling=Sampling(self.temperature))
