"""TransformWorkflow: raw features of the user to model inputs, by the workflow of the release."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import numpy.typing as npt
import polars as pl

from ops_gpu.features.feature_table import NULL_CODE, padded
from ops_gpu.primitives.ragged import Ragged
from ops_gpu.schema.column import ColumnSchema
from ops_gpu.schema.schema import Schema
from ops_gpu.workflow.workflow import Workflow
from serving.operators.base import Need, ServingOperator
from serving.request.columns import Column, Columns
from serving.request.null_values import NULL_INTEGER

if TYPE_CHECKING:
    from serving.release.release import Release


@dataclass
class TransformWorkflow(ServingOperator):
    """Runs the part of the workflow that is computable from the given columns; the very same as in training.

    Categorical columns come as int32 codes, continuous ones as float32, lists as vectors padded with 0 to
    the length that the models were built for.

    Args:
        inputs: raw columns, as the feature store gives them.
        outputs: schema of the columns wanted, as `Schema.to_dict` writes it.
        workflow: part of the release with the workflow.

    Raises:
        ValueError: when the release's workflow does not give these columns, or is not the one that the
            other parts of the release were built with.

    Example:
        >>> wanted = Schema([ColumnSchema("age", "float32")])
        >>> codes = user >> TransformWorkflow(("user_id", "age"), wanted.to_dict())
    """

    stage: ClassVar[str] = "features"

    inputs: tuple[str, ...]
    outputs: Mapping[str, Any]
    workflow: str = "workflow"

    def __post_init__(self) -> None:
        self._schema = Schema.from_dict(self.outputs)

    def needs(self) -> tuple[Need, ...]:
        return ()  # lists and scalars alike: `output_schema` sees to the names

    def output_names(self, names: Sequence[str]) -> tuple[str, ...]:
        return tuple(self._schema.names)

    def output_schema(self, schema: Schema) -> Schema:
        missing = [name for name in self.inputs if name not in schema]
        if missing:
            raise ValueError(
                f"TransformWorkflow needs column {missing[0]!r}, and is connected to {', '.join(schema.names)}."
            )
        return Schema(_dense(column) for column in self._schema)

    def bind(self, release: Release) -> None:
        whole = release.shared(self.workflow, Workflow.load)
        expected = release.built_with.get("workflow", whole.hash())
        if whole.hash() != expected:
            raise ValueError(
                f"The parts of the release were built with workflow {expected[:12]}, but it holds workflow "
                f"{whole.hash()[:12]}; build the release anew."
            )
        self._part = whole.for_inputs(self.inputs)
        self._types = self._part.input_schema
        lacking = [name for name in self._schema.names if name not in self._part.output_columns]
        if lacking:
            raise ValueError(
                f"The workflow of the release does not compute {lacking[0]!r} from {', '.join(self.inputs)}; "
                f"build ensemble and release from one workflow."
            )

        sources = {name: self._part.encoded_from(name) for name in self._schema.names}
        self._encoded = {name: raw for name, raw in sources.items() if raw is not None}
        self._encoders = {name: whole.encoder(name) for name in self._encoded}
        paths = {name: self._part.numpy_path(name) for name in self._schema.names if name not in self._encoded}
        self._numbers = {name: path for name, path in paths.items() if path is not None}
        self._bind_rest()

    def _bind_rest(self) -> None:
        """A plan for the outputs that numpy alone does not give; the others come in a tenth of a plan's time."""
        rest = [name for name in self._schema.names if name not in self._encoded and name not in self._numbers]
        if not rest:
            self._types = Schema()
            return
        self._part = self._part.get_subworkflow(rest)
        self._types = self._part.input_schema

    def transform(self, columns: Columns) -> Columns:
        result: Columns = {name: self._codes(name, columns[raw]) for name, raw in self._encoded.items()}
        for name, path in self._numbers.items():
            result[name] = path(_numbers(columns[path.source])).astype(np.float32, copy=False)
        if len(self._types):
            done = self._part.transform(pl.DataFrame([_series(columns[c.name], c) for c in self._types]))
            result |= {c.name: _array(done[c.name], c) for c in self._schema if c.name not in result}
        return result

    def _codes(self, name: str, raw: Column) -> npt.NDArray[np.int32]:
        assert isinstance(raw, np.ndarray)
        null = raw == (b"" if raw.dtype.kind == "S" else NULL_INTEGER)
        codes = self._encoders[name].encode(raw)
        return np.where(null, np.int32(NULL_CODE), codes) if np.count_nonzero(null) else codes


def _numbers(raw: Column) -> npt.NDArray[np.float64]:
    """Values as NaN for null; the way for numbers begins with these."""
    assert isinstance(raw, np.ndarray)
    values = raw.astype(np.float64)
    if raw.dtype.kind == "i":
        values[raw == NULL_INTEGER] = np.nan
    return values


def _dense(column: ColumnSchema) -> ColumnSchema:
    """The schema of the column as an array: a vector where the workflow gives lists."""
    width = column.value_count and column.value_count.max
    properties = {"width": width} if column.is_list else {}
    return ColumnSchema(column.name, column.dtype, column.tags, properties)


def _series(column: Column, schema: ColumnSchema) -> pl.Series:
    """A Polars column of the type that the workflow was fitted with."""
    if not isinstance(column, Ragged):
        if column.dtype.kind == "i" and column.dtype == schema.numpy_dtype and not (column == NULL_INTEGER).any():
            return pl.Series(schema.name, column)
        return pl.Series(schema.name, _with_nulls(column), dtype=schema.polars_dtype)
    values = _with_nulls(column.values)
    lists = [values[start:stop] for start, stop in pairwise(column.offsets.tolist())]
    return pl.Series(schema.name, lists, dtype=schema.polars_dtype)


def _with_nulls(values: npt.NDArray[Any]) -> list[Any]:
    """Python values, None where a batch says null: empty bytes, NaN, the least int64."""
    if values.dtype.kind == "S":
        return [value.decode("utf-8") if value else None for value in values.tolist()]
    if values.dtype.kind == "f":
        return [None if value != value else value for value in values.tolist()]
    return [None if value == NULL_INTEGER else value for value in values.tolist()]


def _array(series: pl.Series, schema: ColumnSchema) -> npt.NDArray[Any]:
    if schema.is_list:
        limit = schema.value_count
        return padded(series, int(limit.max) if limit is not None and limit.max else None)
    values = series.to_numpy()
    return values.astype(np.int32 if values.dtype.kind in "iu" else np.float32, copy=False)
