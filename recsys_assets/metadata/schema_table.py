"""The schema of features, as metadata."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dagster as dg

from recsys_assets.metadata.tables import table

if TYPE_CHECKING:
    from ops_gpu.schema import ColumnSchema, Schema


def schema_metadata(schema: Schema) -> dict[str, dg.MetadataValue[dg.TableSchema] | dg.MarkdownMetadataValue]:
    """Types and tags for the UI's column view, and everything else in a table."""
    columns = [
        dg.TableColumn(c.name, _dtype(c), description=", ".join(sorted(c.tags)), tags=dict.fromkeys(c.tags, ""))
        for c in schema
    ]
    rows = [[c.name, _dtype(c), ", ".join(sorted(c.tags)), c.cardinality, c.embedding_dim, _length(c)] for c in schema]
    header = ["column", "type", "tags", "cardinality", "embedding width", "list length"]
    return {
        "dagster/column_schema": dg.MetadataValue.table_schema(dg.TableSchema(columns=columns)),
        "columns": dg.MetadataValue.md(table(header, rows)),
    }


def _dtype(column: ColumnSchema) -> str:
    return f"list of {column.dtype}" if column.is_list else column.dtype


def _length(column: ColumnSchema) -> str | None:
    return f"{column.value_count.min} to {column.value_count.max}" if column.value_count else None
