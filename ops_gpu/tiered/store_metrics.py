"""StoreMetrics: where a store's answers came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class StoreMetrics:
    """Counts since a store was opened, a row an asked key, and memory as it is now.

    Args:
        found: rows by the tier that answered.
        pending: rows answered with the default because they were still to be fetched.
        unknown: rows answered with the default because there is no such key.
        written: rows written or deleted.
        memory: bytes by tier.
    """

    found: Mapping[str, int]
    pending: int
    unknown: int
    written: int
    memory: Mapping[str, int]

    @property
    def rows(self) -> int:
        """All rows that were asked for."""
        return sum(self.found.values()) + self.pending

    def hit_rate(self, tier: str = "memory") -> float:
        """Share of the rows that a tier answered; NaN before the first."""
        return self.found[tier] / self.rows if self.rows else float("nan")

    def since(self, before: StoreMetrics) -> StoreMetrics:
        """The counts since an earlier look."""
        found = {name: count - before.found[name] for name, count in self.found.items()}
        counts = (self.pending - before.pending, self.unknown - before.unknown, self.written - before.written)
        return StoreMetrics(found, *counts, self.memory)

    def answered(self) -> dict[str, int]:
        """Rows by what answered: a tier, or `pending`. Of those of a tier, `unknown` have no row."""
        return {**self.found, "pending": self.pending, "unknown": self.unknown}
