"""Refusing a feature column that holds nothing."""

from __future__ import annotations

import polars as pl

from ops_gpu.logs.entities import EntityTable
from ops_gpu.logs.errors.log_error import LogError
from ops_gpu.logs.naming import setting_of


def require_values(frame: pl.DataFrame, table: EntityTable, path: str) -> None:
    """Checks that every declared feature has a value in at least one row.

    An export that lost a column usually still names it; models trained on it would silently do without.

    Args:
        frame: the canonical rows of all files of the table.
        table: the table, which names its features.
        path: where the rows come from, for messages.

    Raises:
        LogError: for the first column of nulls or empty lists; a table without any row passes.
    """
    for name in table.features if frame.height else ():
        values = frame[name]
        held = values.list.len() > 0 if isinstance(values.dtype, pl.List) else values.is_not_null()
        if not held.any():
            raise LogError(
                f"'{path}' has no value in the column '{name}' in any of {frame.height:,} rows, expected a feature "
                f"({setting_of(name, table)}); mend the file, or remove the column from the YAML.",
            )
