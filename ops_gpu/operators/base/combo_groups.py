"""Columns that are coded by the tuple of their values: which columns make which new one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ops_gpu.graph.operator import Groups


def combo_units(columns: Sequence[str], groups: Groups, name_sep: str) -> dict[str, tuple[str, ...]]:
    """Columns by the column that they make: whole groups first, then columns in no group, each by itself.

    Raises:
        ValueError: when two groups make a column of one name.
    """
    grouped = {name for group in groups for name in group}
    units: dict[str, tuple[str, ...]] = {}
    for names in (*groups, *((name,) for name in columns if name not in grouped)):
        unit = name_sep.join(names)
        if not set(names) <= set(columns):
            continue
        if units.setdefault(unit, names) != names:
            raise ValueError(
                f"Categorify makes column {unit!r} of {', '.join(units[unit])} and of {', '.join(names)}; "
                "choose another name_sep."
            )
    return units


def without_overlap(sets: Iterable[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Sets of columns, with those that have a column in common made one.

    A worker that has the columns of a set counts whatever they make, so that a column in two sets would be counted
    twice.
    """
    apart: list[tuple[str, ...]] = []
    for names in sets:
        touching = [other for other in apart if set(other) & set(names)]
        joined = tuple(dict.fromkeys(name for other in (*touching, names) for name in other))
        apart = [*(other for other in apart if other not in touching), joined]
    return apart
