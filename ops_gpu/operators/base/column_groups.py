"""Columns in groups: which columns of an operator belong together."""

from __future__ import annotations

from collections.abc import Sequence

from ops_gpu.graph.operator import Groups


def units_of(
    columns: Sequence[str], groups: Groups, partly: bool = False, sep: str = "_"
) -> dict[str, tuple[str, ...]]:
    """Columns by unit: a group is named after its columns; columns in no group stand alone.

    Args:
        columns: the columns there are, in order.
        groups: columns that belong together; a column may stand in several.
        partly: whether a group counts of which only some columns are there.
        sep: between the names of a group's columns.

    Returns:
        The columns of each unit, groups first.

    Raises:
        ValueError: when two groups, or a group and a column, have one name.
    """
    grouped = {name for group in groups for name in group}
    units: dict[str, tuple[str, ...]] = {}
    for group in (*groups, *((name,) for name in columns if name not in grouped)):
        there = tuple(name for name in group if name in columns)
        if there != group and not (partly and there):
            continue
        unit = sep.join(group)
        if units.setdefault(unit, there) != there:
            raise ValueError(
                f"{', '.join(units[unit])} and {', '.join(there)} would both be called {unit!r}; rename a column, or "
                "choose another separator."
            )
    return units


def check_groups(operator: str, groups: Groups) -> None:
    """ValueError where a column stands in two groups."""
    names = [name for group in groups for name in group]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"{operator} has column {name!r} in two groups; leave it in one.")
