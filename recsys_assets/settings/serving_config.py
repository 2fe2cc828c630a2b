"""Settings: what the live release leaves out, and how it orders its lists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from recsys_assets.settings.setting_error import SettingError
from serving.condition import Condition
from serving.ordering_config import OrderingConfig, Sampling


@dataclass(frozen=True)
class ServingConfig:
    """What happens to candidates beside being scored.

    Args:
        temperature: 0 gives the best items in order; above, lists are drawn at random, better items first
            more often, so that others get a chance to be seen. Short for `ordering: {softmax_sampling: ...}`.
        filters: conditions that a recommended item must meet.
        ordering: how the list is made of scored candidates.

    Raises:
        ValueError: when the temperature is negative, or an ordering comes beside it; when two filters have one name.
    """

    temperature: float = 0.0
    filters: Sequence[Condition] = ()
    ordering: OrderingConfig = field(default_factory=OrderingConfig)

    def __post_init__(self) -> None:
        if self.temperature < 0:
            raise ValueError(f"temperature is {self.temperature}, expected 0 (exact order) or more.")
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
