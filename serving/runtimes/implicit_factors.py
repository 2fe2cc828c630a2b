"""Matrix factors of users and items, as arrays by code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ops_gpu.features.feature_table import FIRST_CODE
from ops_gpu.primitives.memory_map import memory_map
from ops_gpu.workflow.workflow import Workflow
from serving.release.built_with import write_built_with

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class ImplicitFactors:
    """What a factorization (ALS, BPR, ...) learned; a score is the inner product of a user's and an item's row.

    Args:
        users: float32 `[user codes, factors]`; zeros for who was not learned.
        items: float32 `[item codes, factors]`; zeros for what was not learned.

    Raises:
        ValueError: when the two do not go together.
    """

    users: Floats
    items: Floats

    def __post_init__(self) -> None:
        shapes = f"users {self.users.dtype} {self.users.shape}, items {self.items.dtype} {self.items.shape}"
        if self.users.ndim != 2 or self.items.ndim != 2 or self.users.shape[1] != self.items.shape[1]:
            raise ValueError(f"factors must be [users, n] and [items, n] with one n, got {shapes}.")
        if self.users.dtype != np.float32 or self.items.dtype != np.float32:
            raise ValueError(f"factors must be float32, got {shapes}; convert them.")

    @classmethod
    def by_code(
        cls,
        workflow: Workflow,
        users: tuple[npt.NDArray[Any], npt.NDArray[Any]],
        items: tuple[npt.NDArray[Any], npt.NDArray[Any]],
    ) -> ImplicitFactors:
        """Factors in the order of a workflow's codes; who or what it does not know is left out.

        Args:
            workflow: fitted, with the columns `user_id` and `item_id`.
            users: raw ids `[n]` (integers, or UTF-8 bytes) and their factors `[n, factors]`, such as the
                `user_factors` of the library `implicit`.
            items: likewise.
        """
        return cls(_scattered(workflow, "user_id", *users), _scattered(workflow, "item_id", *items))

    def save(self, folder: Path, workflow: Workflow) -> None:
        """Writes two `.npy` files into a new folder, with the workflow whose codes they follow."""
        folder.mkdir(parents=True)
        arrays: Mapping[str, Floats] = {"user_factors": self.users, "item_factors": self.items}
        for name, values in arrays.items():
            np.save(folder / f"{name}.npy", values, allow_pickle=False)
        write_built_with(folder, workflow=workflow.hash())

    @classmethod
    def load(cls, folder: Path) -> ImplicitFactors:
        """Opens what `save` wrote, memory-mapped."""
        return cls(memory_map(folder / "user_factors.npy"), memory_map(folder / "item_factors.npy"))


def _scattered(workflow: Workflow, column: str, raw: npt.NDArray[Any], factors: npt.NDArray[Any]) -> Floats:
    if factors.ndim != 2 or len(raw) != len(factors):
        raise ValueError(f"{column}: there are {len(raw)} ids, and factors of shape {factors.shape}; give a row an id.")
    size = workflow.output_schema[column].cardinality
    assert size is not None  # Categorify gives every id column a domain
    codes = workflow.encode(column, raw)
    result = np.zeros((size, factors.shape[1]), np.float32)
    result[codes[codes >= FIRST_CODE]] = factors[codes >= FIRST_CODE]
    return result
