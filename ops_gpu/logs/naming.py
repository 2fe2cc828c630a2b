"""Which setting of a YAML names a column, for messages about columns that are not there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields
from typing import TYPE_CHECKING

from ops_gpu.logs.errors.log_error import LogError
from ops_gpu.logs.values.row_condition import RowCondition

if TYPE_CHECKING:
    from ops_gpu.logs.entities import EntityTable
    from ops_gpu.logs.interactions import InteractionLog

_EXPRESSIONS = ("label", "filters", "available")
_NAMES = ("user", "item", "time", "id", "title", "unique", "categorical", "continuous", "lists")


def setting_of(column: str, settings: InteractionLog | EntityTable) -> str | None:
    """The setting that names a raw column, as it stands in the YAML; None when none does."""
    for field in fields(settings):
        value = getattr(settings, field.name)
        texts: Sequence[str] = (value,) if isinstance(value, str) else value or ()
        if field.name in _NAMES and column in texts:
            return f"{field.name}: {column}"
        for text in texts if field.name in _EXPRESSIONS else ():
            if column in RowCondition(text, field.name).columns:
                return f"{field.name}: {text}"
    return None


@contextmanager
def named_in(settings: InteractionLog | EntityTable) -> Iterator[None]:
    """Adds to the error of a missing column where the YAML names it."""
    try:
        yield
    except LogError as error:
        where = error.column and setting_of(error.column, settings)
        if not where:
            raise
        raise LogError(f"{str(error).removesuffix('.')} ({where}).", error.column) from error
