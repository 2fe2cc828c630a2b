"""Tables in the metadata of assets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import dagster as dg

if TYPE_CHECKING:
    import polars as pl

ROWS = 5


def frame_metadata(
    frame: pl.DataFrame, notes: Mapping[str, str] | None = None, rows: int | None = None
) -> dict[str, Any]:
    """Column types, row count and first rows of a frame, as the UI shows them.

    Args:
        frame: what an asset holds.
        notes: what columns mean, by name.
        rows: how many there are, where the frame holds the first of them alone.
    """
    return {
        "dagster/column_schema": table_schema(frame, notes or {}),
        "dagster/row_count": frame.height if rows is None else rows,
        "sample": dg.MetadataValue.md(frame_table(frame.head(ROWS))),
    }


def table_schema(frame: pl.DataFrame, notes: Mapping[str, str]) -> dg.TableSchema:
    """Column types of a frame, as the UI shows them.

    Args:
        frame: what an asset holds.
        notes: what columns mean, by name.
    """
    columns = [
        dg.TableColumn(name, type_name(dtype), description=notes.get(name)) for name, dtype in frame.schema.items()
    ]
    return _table_schema(columns)


def _table_schema(columns: list[dg.TableColumn]) -> dg.TableSchema:
    """In a frame that holds nothing else: Dagster keeps, for the life of the process, all that is known by name where a
    `TableSchema` is made first (dagster_shared.check.builder, `EvalContext.update_from_frame`).
    """
    return dg.TableSchema(columns=columns)


def frame_table(frame: pl.DataFrame) -> str:
    """A frame as a Markdown table."""
    return table(frame.columns, frame.rows())


def type_name(dtype: pl.DataType) -> str:
    """`Datetime[us]` and the like; other types as Polars writes them."""
    import polars as pl

    return f"Datetime[{dtype.time_unit}]" if isinstance(dtype, pl.Datetime) else str(dtype)


def rounded(value: float, digits: int = 4) -> float:
    """A number to as many significant digits as anybody reads in the UI.

    Example:
        >>> rounded(0.2725315099636292)
        0.2725
    """
    return float(f"{value:.{digits}g}")


def table(header: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Rows as a Markdown table.

    Args:
        header: names of the columns.
        rows: values; fractions are rounded to four digits, lists joined by commas.

    Example:
        >>> print(table(["k", "recall"], [[20, 0.25]]))
        | k | recall |
        | --- | --- |
        | 20 | 0.25 |
    """
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(_text(value) for value in line) + " |" for line in lines)


def _text(value: Any) -> str:
    import polars as pl

    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.0f}" if 10_000 <= abs(value) < 1e15 else f"{value:.4g}"
    if isinstance(value, datetime):
        return str(value).replace(" ", "\u00a0")  # one line in a narrow column
    if isinstance(value, list | tuple | pl.Series):
        return ", ".join(_text(part) for part in value)
    return str(value).replace("|", "\\|").replace("\n", " ")
