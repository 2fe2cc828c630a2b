"""Parameters that may be given once for all columns, or by column name."""

from __future__ import annotations

from collections.abc import Mapping


def per_column(operator: str, parameter: str, value: int | Mapping[str, int] | None, name: str) -> int | None:
    """The value for one column; ValueError where values are given by name and this one is missing."""
    if not isinstance(value, Mapping):
        return value
    if name not in value:
        raise ValueError(f"{operator} has {parameter} for {', '.join(value)}; add that of {name!r}.")
    return value[name]
