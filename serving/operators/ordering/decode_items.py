"""DecodeItems: codes back to the ids of the logs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from ops_gpu.schema.column import ColumnSchema
from ops_gpu.schema.schema import Schema
from ops_gpu.workflow.workflow import Workflow
from serving.operators.base import Need, ServingOperator
from serving.request.columns import Columns, ragged

if TYPE_CHECKING:
    from serving.release.release import Release


@dataclass
class DecodeItems(ServingOperator):
    """Turns the codes in list column `item` into raw ids, as list column `item_id`.

    Args:
        dtype: type of the raw ids, `int64` or `string`.
        column: output column of the workflow that holds item codes.
        workflow: part of the release with the workflow.

    Raises:
        ValueError: when the release's ids are of another type.

    Example:
        >>> items = best >> DecodeItems("int64")
    """

    stage: ClassVar[str] = "ordering"

    dtype: str = "int64"
    column: str = "item_id"
    workflow: str = "workflow"

    def needs(self) -> tuple[Need, ...]:
        return (Need("item", ("int32",), is_list=True),)

    def output_names(self, names: Sequence[str]) -> tuple[str, ...]:
        return ("item_id",)

    def output_schema(self, schema: Schema) -> Schema:
        return Schema([ColumnSchema("item_id", self.dtype, is_list=True)])

    def bind(self, release: Release) -> None:
        self._decode = release.shared(self.workflow, Workflow.load).encoder(self.column).decode
        found = "string" if self._decode(np.zeros(0, np.int32)).dtype.kind == "S" else "int64"
        if found != self.dtype:
            raise ValueError(
                f"DecodeItems was told that item ids are {self.dtype}, those of the release are {found}; "
                f"build ensemble and release from one schema."
            )

    def transform(self, columns: Columns) -> Columns:
        items = ragged(columns, "item")
        return {"item_id": items.with_values(self._decode(items.values))}
