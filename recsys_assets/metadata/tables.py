"""Tables in the metadata of assets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg
import polars as pl

ROWS = 10


def frame_metadata(frame: pl.DataFrame, notes: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Column types, row count and first rows of a frame, as the UI shows them.

    Args:
        frame: what an asset holds.
        notes: what columns mean, by name.
    """
    columns = [
        dg.TableColumn(name, str(dtype), description=(notes or {}).get(name)) for name, dtype in frame.schema.items()
    ]
    return {
        "dagster/column_schema": dg.TableSchema(columns=columns),
        "dagster/row_count": frame.height,
        "sample": dg.MetadataValue.md(frame_table(frame.head(ROWS))),
    }


def frame_table(frame: pl.DataFrame) -> str:
    """A frame as a Markdown table."""
    return table(frame.columns, frame.rows())


def table(header: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Rows as a Markdown table.

    Args:
        header: names of the columns.
        rows: values; numbers are rounded to four digits, lists joined by commas.

    Example:
        >>> print(table(["k", "recall"], [[20, 0.25]]))
        | k | recall |
        | --- | --- |
        | 20 | 0.25 |
    """
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(_text(value) for value in line) + " |" for line in lines)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, list | tuple | pl.Series):
        return ", ".join(_text(part) for part in value)
    return str(value).replace("|", "\\|").replace("\n", " ")
