"""Do a condition and the columns that it compares fit together?"""

from __future__ import annotations

from ops_gpu.schema.column import ColumnSchema
from serving.operators.base import Need
from serving.rules.condition import NUMERIC, OF_LISTS, WITH_LISTS, Condition

NUMBERS = ("float64", "float32", "int64", "int32", "int16", "int8", "uint32", "uint16", "uint8", "bool")
"""Types that are compared as numbers; all others are texts."""


def needs(condition: Condition, item: ColumnSchema) -> tuple[Need, ...]:
    """The columns of user and request that a condition reads, in the types that its item column compares with."""
    dtypes = NUMBERS if item.dtype in NUMBERS else ("string",)
    found = []
    if condition.user is not None:
        found.append(Need(condition.user, dtypes, is_list=condition.comparison in WITH_LISTS))
    if condition.context is not None:
        found.append(Need(condition.context, dtypes))
    return tuple(found)


def context_column(condition: Condition, item: ColumnSchema) -> ColumnSchema:
    """The request column of a condition that has one: text, whole numbers or numbers, as the item column is."""
    assert condition.context is not None
    if item.dtype not in NUMBERS:
        return ColumnSchema(condition.context, "string")
    return ColumnSchema(condition.context, "float64" if item.dtype.startswith("float") else "int64")


def check_item(condition: Condition, item: ColumnSchema, kind: str | None = None) -> None:
    """Compares a condition with the type of its item column.

    Args:
        condition: the condition.
        item: the column.
        kind: what it holds, in words; None for its type.

    Raises:
        ValueError: when that type cannot answer what the condition asks; names both.
    """
    kind = kind or f"{'a list' if item.is_list else 'one value'} of {item.dtype}"
    asks = f"the filter {condition.name!r} asks whether {item.name!r}, {kind} an item, {condition.comparison}"
    if item.is_list and condition.comparison not in OF_LISTS | WITH_LISTS:
        raise ValueError(f"{asks} one value; compare a list by contains, excludes, in or not_in.")
    if not item.is_list and condition.comparison in OF_LISTS:
        raise ValueError(f"{asks} a value, as only a list can; compare it by equals, differs, in or not_in.")
    number = item.dtype in NUMBERS
    if condition.comparison in NUMERIC and not number:
        raise ValueError(f"{asks} a number; list the column under continuous, or compare by equals or in.")
    if condition.value is not None and isinstance(condition.values[0], str) == number:
        expected = "numbers" if number else "texts, in quotes"
        raise ValueError(f"{asks} {condition.value!r}; write the constant as {expected}.")
