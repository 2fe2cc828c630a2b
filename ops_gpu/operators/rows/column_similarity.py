"""ColumnSimilarity: how alike two things are, by the rows of sparse matrices that two columns name."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, ClassVar

import polars as pl
from scipy.sparse import csr_array

from ops_gpu.graph.operator import Groups
from ops_gpu.operators.base.group_keys import shared_tags
from ops_gpu.operators.base.numeric_statistics import continuous
from ops_gpu.operators.base.operator_state import NodeState
from ops_gpu.operators.base.plan import Plan
from ops_gpu.operators.rows.given_tables import GivenTables
from ops_gpu.operators.rows.similarity_matrix import entries_of, matrix_of, similarity_of, weighted_matrix
from ops_gpu.primitives.content_hash import hash_frames
from ops_gpu.schema.column import ColumnSchema
from ops_gpu.schema.schema import Schema

METRICS = ("tfidf", "cosine", "inner")


@dataclass(frozen=True, repr=False)
class ColumnSimilarity(GivenTables):
    """Pairs of columns that hold row numbers become `a_b_sim` (Float32, computed in Float64): how alike the rows are.

    The first column of a pair names rows of the left matrix, the second one rows of the right. A number that is
    null, negative or beyond the matrix gives 0, and so does an empty row. The matrices are saved with the workflow;
    rows of data teach nothing.

    Args:
        left_features: matrix `[rows, features]`, sparse (scipy) or dense; left out only where the operator was saved.
        right_features: matrix of as many features; by default the left one.
        metric: `inner` product, `cosine`, or `tfidf`: the cosine after weighting each feature of a matrix by
            `log((1 + rows) / (1 + rows that have it)) + 1`.
        groups: the pairs; filled by inner lists on the left of `>>`.
        table: content hash of the matrices; filled by the operator.

    Raises:
        ValueError: when the metric is unknown, matrices do not fit or hold NaN, or columns are no pairs of integers.

    Example:
        >>> genres = [[1, 0], [1, 1], [0, 1]]  # a row an item
        >>> node = [["last_item", "item"]] >> ColumnSimilarity(genres, metric="cosine")
    """

    takes_groups: ClassVar[bool] = True

    left_features: Any = field(default=None, compare=False)
    right_features: Any = field(default=None, compare=False)
    metric: str = "tfidf"
    groups: Groups = ()
    table: str | None = None

    def __post_init__(self) -> None:
        if self.metric not in METRICS:
            raise ValueError(f"ColumnSimilarity has metric {self.metric!r}; choose from {', '.join(METRICS)}.")
        if self.left_features is not None:
            object.__setattr__(self, "table", hash_frames(self._frames()))

    def required(self, names: Sequence[str]) -> tuple[str, ...]:
        return () if self.groups else tuple(names)

    def needed(self, outputs: Collection[str], names: Sequence[str]) -> set[str]:
        return {name for output, group in self._pairs(names).items() if output in outputs for name in group}

    def with_groups(self, groups: Groups) -> ColumnSimilarity:
        return replace(self, groups=groups)

    def parameters(self) -> dict[str, Any]:
        return {"metric": self.metric, "groups": self.groups, "table": self.table}

    def _pairs(self, names: Sequence[str]) -> dict[str, tuple[str, ...]]:
        groups = self.groups or (tuple(names),)
        for group in groups:
            if len(group) != 2:
                raise ValueError(
                    f"ColumnSimilarity takes pairs of columns, got {', '.join(group)}; "
                    'write [["a", "b"]] >> ColumnSimilarity(matrix).'
                )
        return {f"{'_'.join(group)}_sim": group for group in groups if set(group) <= set(names)}

    def output_names(self, names: Sequence[str]) -> tuple[str, ...]:
        return tuple(self._pairs(names))

    def _frames(self) -> dict[str, pl.DataFrame]:
        """The matrices as frames of their entries, with their shapes."""
        sides = {"left": matrix_of(self.left_features)}
        if self.right_features is not None:
            sides["right"] = matrix_of(self.right_features)
        widths = {matrix.shape[1] for matrix in sides.values()}
        if len(widths) > 1:
            shapes = " and ".join(str(matrix.shape) for matrix in sides.values())
            raise ValueError(f"ColumnSimilarity has matrices of shapes {shapes}; both need the same features.")
        shapes_of = [{"side": side, "rows": m.shape[0], "columns": m.shape[1]} for side, m in sides.items()]
        types = {"side": pl.String, "rows": pl.Int64, "columns": pl.Int64}
        return {side: entries_of(matrix) for side, matrix in sides.items()} | {"shape": pl.DataFrame(shapes_of, types)}

    def given_tables(self) -> dict[str, pl.DataFrame]:
        if self.left_features is None:
            raise ValueError("ColumnSimilarity has no matrix; give left_features (they are not saved with the graph).")
        return self._frames()

    def transform(self, columns: Mapping[str, pl.Expr], plan: Plan, state: NodeState) -> dict[str, pl.Expr]:
        left = self._weighted(state, "left")
        right = self._weighted(state, "right") if "right" in state else left
        similar = partial(similarity_of, left=left, right=right)
        return {
            output: pl.struct(
                _row_number(name, columns[name], plan.dtype(columns[name])).alias(side)
                for side, name in zip(("left", "right"), pair, strict=True)
            ).map_batches(similar, pl.Float32(), is_elementwise=True)
            for output, pair in self._pairs(list(columns)).items()
        }

    def _weighted(self, state: NodeState, side: str) -> csr_array:
        shape = state["shape"].row(by_predicate=pl.col("side") == side)[1:]
        return state.derived(side, self.metric, partial(weighted_matrix, shape=shape, metric=self.metric))

    def output_schema(self, schema: Schema, state: NodeState | None = None) -> Schema:
        return Schema(
            continuous(ColumnSchema(output, tags=shared_tags(schema, pair)), "float32")
            for output, pair in self._pairs(schema.names).items()
        )


def _row_number(name: str, expr: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    if not dtype.is_integer() and dtype != pl.Null:
        raise ValueError(
            f"ColumnSimilarity takes row numbers, and column {name!r} is of type {dtype}; cast it to an integer."
        )
    return expr.cast(pl.Int64, strict=False).fill_null(-1)
