"""The schema of features, as metadata."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import dagster as dg

if TYPE_CHECKING:
    from ops_gpu.schema.column import ColumnSchema
    from ops_gpu.schema.schema import Schema


def schema_metadata(schema: Schema) -> dict[str, Any]:
    """Types, tags and limits for the UI's column view, and what the models are built for in numbers."""
    columns = [
        dg.TableColumn(c.name, _dtype(c), description=_limits(c), tags=dict.fromkeys(sorted(c.tags), ""))
        for c in schema
    ]
    embedded = [c for c in schema if c.cardinality and c.embedding_dim]
    return {
        "dagster/column_schema": dg.TableSchema(columns=columns),
        "columns": len(columns),
        "embedded_columns": len(embedded),
        "embedding_weights": sum((c.cardinality or 0) * (c.embedding_dim or 0) for c in embedded),
    }


def _dtype(column: ColumnSchema) -> str:
    return f"list of {column.dtype}" if column.is_list else column.dtype


def _limits(column: ColumnSchema) -> str | None:
    """Codes, width of the embedding and length of lists, where the column has them."""
    found = []
    if column.cardinality:
        found.append(f"{column.cardinality:,} codes")
    if column.embedding_dim:
        found.append(f"embedding of width {column.embedding_dim}")
    if column.value_count:
        least, most = column.value_count.min, column.value_count.max
        found.append(f"lists of {least or 0:g} to {most:g} values" if most is not None else "lists of any length")
    return ", ".join(found) or None
