"""ItemWeights: a table that says where every item leads to, as sparse retrieval models learn it."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ops_gpu.candidates.related_items import RelatedItems
from ops_gpu.interactions.histories import Histories
from ops_gpu.primitives.memory_map import memory_map

FILE = "weights.json"


@dataclass(frozen=True)
class ItemWeights:
    """The strongest weights of every item, and how those of a user's items are added up.

    Args:
        neighbours: int32 `[items, m]`, codes that an item leads to; 0 where there are fewer than `m`.
        weights: float32 `[items, m]`, above 0; 0 where there is none.
        length: liked items of a user that count, the last ones.
        half_life_days: age at which an item of the user weighs half; infinity for never.
        counted: whether an item weighs as often as the user liked it, instead of once.

    Example:
        >>> table = ItemWeights(np.array([[0], [0], [0], [4], [3]], np.int32), np.ones((5, 1), np.float32))
    """

    neighbours: npt.NDArray[np.int32]
    weights: npt.NDArray[np.float32]
    length: int = 1_000_000
    half_life_days: float = math.inf
    counted: bool = False

    def related(self, histories: Histories, as_of: int) -> RelatedItems:
        """What the histories of users lead to.

        Args:
            histories: complete histories, a row a user.
            as_of: epoch seconds, what time it is.
        """
        return RelatedItems.of(
            self.neighbours,
            self.weights,
            histories,
            as_of,
            self.length,
            self.half_life_days,
            counted=self.counted,
        )

    def grown(self, items: int) -> ItemWeights:
        """The same table for more items, appended; nothing leads to them or from them yet."""
        more = ((0, items - len(self.neighbours)), (0, 0))
        neighbours, weights = np.pad(self.neighbours, more), np.pad(self.weights, more)
        return ItemWeights(neighbours, weights, self.length, self.half_life_days, self.counted)

    def save(self, folder: Path) -> None:
        """Writes the table into a folder, which is made."""
        folder.mkdir(parents=True, exist_ok=True)
        np.save(folder / "neighbours.npy", self.neighbours, allow_pickle=False)
        np.save(folder / "weights.npy", self.weights, allow_pickle=False)
        half_life = None if math.isinf(self.half_life_days) else self.half_life_days
        rules = {"length": self.length, "half_life_days": half_life, "counted": self.counted}
        (folder / FILE).write_text(json.dumps(rules, indent=2) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> ItemWeights:
        """Opens what `save` wrote, memory-mapped."""
        rules = json.loads((folder / FILE).read_text(encoding="utf-8"))
        half_life = math.inf if rules["half_life_days"] is None else rules["half_life_days"]
        tables = memory_map(folder / "neighbours.npy"), memory_map(folder / "weights.npy")
        return cls(*tables, int(rules["length"]), half_life, bool(rules["counted"]))
