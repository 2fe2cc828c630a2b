"""What all models inside an ensemble have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from ops_gpu.primitives.ragged import Ragged
from ops_gpu.schema.schema import Schema
from serving.operators.base import STAGES, Need, ServingOperator
from serving.request.columns import Columns

Array = npt.NDArray[Any]


@dataclass
class Predict(ServingOperator, ABC):
    """Calls a model on columns. With list columns every list element is a row of the model, and it gives lists.

    Args:
        lists: whether the inputs are list columns (candidates) or scalar ones (users).
        timed_as: the stage under which its time is reported.
        threads: threads of one call; for small models, handing work to another thread costs more than the
            work.

    Raises:
        ValueError: for an unknown stage, or fewer threads than one.

    Example:
        >>> vector = user >> PredictTensorflow("query_model/model.keras", ("user_id", "age"), "query_vector", 32)
        >>> isinstance(vector.operator, Predict)
        True
    """

    lists: bool = field(default=False, kw_only=True)
    timed_as: str = field(default="scoring", kw_only=True)
    threads: int = field(default=1, kw_only=True)

    def __post_init__(self) -> None:
        if self.timed_as not in STAGES:
            raise ValueError(f"timed_as must be one of {', '.join(STAGES)}, got {self.timed_as!r}.")
        if self.threads < 1:
            raise ValueError(f"threads must be 1 or more, got {self.threads}.")

    @property
    def stage(self) -> str:  # type: ignore[override]
        """The stage given by `timed_as`."""
        return self.timed_as

    @property
    @abstractmethod
    def takes(self) -> Sequence[Need]:
        """The columns that the model reads, in its order."""

    @property
    @abstractmethod
    def gives(self) -> Schema:
        """The columns that it gives; the property `width` is the length of a vector."""

    @abstractmethod
    def predict(self, arrays: Sequence[Array]) -> Sequence[Array]:
        """What the model makes of arrays `[rows, ...]` in the order of `takes`: an array a column of `gives`."""

    def needs(self) -> tuple[Need, ...]:
        return tuple(self.takes)

    def output_names(self, names: Sequence[str]) -> tuple[str, ...]:
        return tuple(self.gives.names)

    def output_schema(self, schema: Schema) -> Schema:
        return Schema(column.with_dtype(column.dtype, is_list=self.lists) for column in self.gives)

    def transform(self, columns: Columns) -> Columns:
        inputs = [columns[name] for name in self._taken]
        arrays = self.predict([column.values if isinstance(column, Ragged) else column for column in inputs])
        first = inputs[0]
        result: Columns = {}
        for (name, width, dtype), output in zip(self._given, arrays, strict=True):
            values = output.reshape((len(output), width) if width else len(output)).astype(dtype, copy=False)
            result[name] = first.with_values(values) if isinstance(first, Ragged) else values
        return result

    @cached_property
    def _taken(self) -> tuple[str, ...]:
        return tuple(need.column for need in self.takes)

    @cached_property
    def _given(self) -> tuple[tuple[str, int, np.dtype[Any]], ...]:
        """Name, width and type of what is given: described once, and not for every request."""
        return tuple((c.name, c.properties.get("width", 0), c.numpy_dtype) for c in self.gives)
