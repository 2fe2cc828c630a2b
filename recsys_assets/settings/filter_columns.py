"""Filters that cannot be asked of the columns that they compare, told before anything is trained."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ops_gpu.logs import EntityTable
from ops_gpu.primitives.setting_error import SettingError
from ops_gpu.schema.column import ColumnSchema
from serving.operators.filtering.condition_types import NUMBERS, check_item, context_column, needs
from serving.rules.condition import Condition

if TYPE_CHECKING:
    import polars as pl

_SECTIONS: dict[str, tuple[str, tuple[str, ...], bool]] = {
    "categorical": ("one category", ("int64", "string"), False),
    "continuous": ("one number", ("float64",), False),
    "lists": ("a list", ("int64", "string"), True),
}
"""By section of a table: what a column holds, the types that reading may give it, and whether it is a list."""


@dataclass(frozen=True)
class FilterColumn:
    """A column of the users or items table as filters meet it.

    Args:
        kind: what it holds, in words.
        types: those that it has or may get.
    """

    kind: str
    types: tuple[ColumnSchema, ...]


def declared(table: EntityTable | None) -> dict[str, FilterColumn]:
    """The columns that a YAML names; whether categories are numbers or texts is known once they are read."""
    found = {"title": FilterColumn("one text", (ColumnSchema("title", "string"),))}
    for section, (kind, dtypes, is_list) in _SECTIONS.items() if table else ():
        for name in getattr(table, section):
            found[name] = FilterColumn(kind, tuple(ColumnSchema(name, dtype, is_list=is_list) for dtype in dtypes))
    return found


def read(schema: Mapping[str, pl.DataType]) -> dict[str, FilterColumn]:
    """The columns of a table that was read."""
    columns = [ColumnSchema.from_polars(name, dtype) for name, dtype in schema.items()]
    return {column.name: FilterColumn(_held(column), (column,)) for column in columns}


def require_filters_fit(filters: Sequence[Condition], users: Path, items: Path) -> None:
    """Checks filters with the tables that were read.

    Args:
        filters: conditions.
        users: Parquet file of the users table.
        items: Parquet file of the items table.

    Raises:
        SettingError: as `check_filters`.
    """
    if filters:
        import polars as pl

        tables = [read(pl.read_parquet_schema(file)) for file in (users, items)]
        check_filters(filters, *tables)


def check_filters(
    filters: Sequence[Condition], users: Mapping[str, FilterColumn], items: Mapping[str, FilterColumn]
) -> None:
    """Refuses filters that no type that their columns may have can answer.

    Args:
        filters: conditions.
        users: columns of the users table.
        items: columns of the items table.

    Raises:
        SettingError: for the first such filter, with the keys that lead to it.
    """
    asked: dict[str, tuple[str, set[str]]] = {}
    for place, condition in enumerate(filters):
        _require_read(condition, users, items, place)
        item = items[condition.item]
        fitting = list(_fitting(condition, item, place))
        if condition.user is not None:
            _check_user(condition, item, fitting, users[condition.user], place)
        if condition.request is not None:
            dtypes = {context_column(condition, column).dtype for column in fitting}
            first, before = asked.setdefault(condition.request, (condition.name, dtypes))
            if not before & dtypes:
                raise SettingError(
                    f"the filters {first!r} and {condition.name!r} both read {condition.request!r} of the request, the "
                    f"one as {_either(before)}, the other as {_either(dtypes)}; give them two names.",
                    *("serving", "filters", place, "request"),
                )
            asked[condition.request] = first, before & dtypes


def _require_read(
    condition: Condition, users: Mapping[str, FilterColumn], items: Mapping[str, FilterColumn], place: int
) -> None:
    for key, column, table in (("item", condition.item, items), ("user", condition.user, users)):
        if column is not None and column not in table:
            raise SettingError(
                f"the filter {condition.name!r} reads {column!r}, which the {key}s table did not have when it was "
                f"read; materialize {key}s first.",
                *("serving", "filters", place, key),
            )


def _fitting(condition: Condition, item: FilterColumn, place: int) -> Iterator[ColumnSchema]:
    """Of the types that an item column may have, those that the condition can be asked of; one at least."""
    problem, found = None, False
    for column in item.types:
        try:
            check_item(condition, column, item.kind)
        except ValueError as error:
            problem = error
        else:
            found = True
            yield column
    if not found:
        raise SettingError(str(problem), "serving", "filters", place, "item")


def _check_user(
    condition: Condition, item: FilterColumn, fitting: Sequence[ColumnSchema], user: FilterColumn, place: int
) -> None:
    wanted = [needs(condition, column)[0] for column in fitting]
    if any(need.is_list == own.is_list and own.dtype in need.dtypes for need in wanted for own in user.types):
        return
    many = wanted[0].is_list
    values = {"numbers" if column.dtype in NUMBERS else "texts" for column in fitting}
    expected = f"{'a list' if many else 'one value'} of {_either(values)}"
    raise SettingError(
        f"the filter {condition.name!r} asks whether {condition.item!r}, {item.kind} an item, {condition.comparison} "
        f"{condition.user!r}, {user.kind} a user, expected {expected} there; compare it otherwise, or with another "
        "column.",
        *("serving", "filters", place, "user"),
    )


def _either(words: set[str]) -> str:
    return " or ".join(sorted(words))


def _held(column: ColumnSchema) -> str:
    return f"{'a list' if column.is_list else 'one value'} of {column.dtype}"
