"""MarkDegraded: tells who asked that something was out of reach."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ops_gpu.candidates.candidates import DEGRADED
from ops_gpu.schema.column import ColumnSchema
from ops_gpu.schema.schema import Schema
from serving.operators.base import Need, ServingOperator
from serving.request.columns import Columns, array, ragged


@dataclass
class MarkDegraded(ServingOperator):
    """Sets the bit `DEGRADED` of list column `source` for users whose column `degraded` is true.

    Their list was made without what is stored of them; it may be asked for again when the store is back.

    Example:
        >>> source = (best["source"] + user["degraded"]) >> MarkDegraded()
    """

    stage: ClassVar[str] = "ordering"

    def needs(self) -> tuple[Need, ...]:
        return (Need("source", ("uint8",), is_list=True), Need("degraded", ("bool",)))

    def output_names(self, names: Sequence[str]) -> tuple[str, ...]:
        return ("source",)

    def output_schema(self, schema: Schema) -> Schema:
        return Schema([ColumnSchema("source", "uint8", is_list=True)])

    def transform(self, columns: Columns) -> Columns:
        source, degraded = ragged(columns, "source"), array(columns, "degraded")
        if not degraded.any():
            return {"source": source}
        mark = np.where(degraded[source.row_ids], np.uint8(DEGRADED), np.uint8(0))
        return {"source": source.with_values(source.values | mark)}
