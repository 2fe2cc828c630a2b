"""Feature columns whose names cannot be used, told before anything is read."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ops_gpu.logs import EntityTable
from ops_gpu.primitives.setting_error import SettingError
from ops_gpu.schema.reserved_names import Role, is_reserved
from serving.rules.condition import CONTEXT

_STORED = {"event_timestamp", "created_timestamp", "present"}
"""Columns of the feature store."""
_SERVED = re.compile(r"history_(item|count|last|positive)|degraded|seen_item|candidate_.*")
"""Columns of the ensemble that stand beside those of a user."""
_LONGEST = 200
"""UTF-8 bytes: a file is named after each column."""


def check_feature_names(tables: dict[Role, EntityTable | None], requests: set[str]) -> None:
    """Refuses features that have the name of something else.

    Args:
        tables: users and items.
        requests: columns of a request that filters ask for.

    Raises:
        SettingError: for the first of them, with the keys that lead to it.
    """
    seen = {name: role for role, table in tables.items() if table for name in table.model_features}
    for role, table in tables.items():
        for name, keys in _named(table):
            modelled = table is not None and name in table.model_features
            problem = _problem(name, role, modelled, requests, set(seen))
            if problem is None and modelled and seen[name] != role:
                problem = "is a feature of users and of items, which models could not tell apart"
            if problem:
                raise SettingError(f"the feature column {name!r} {problem}; rename it in the files.", role, *keys)


def _named(table: EntityTable | None) -> Iterator[tuple[str, tuple[str, str]]]:
    for kind in ("categorical", "continuous", "lists") if table else ():
        for place, name in enumerate(getattr(table, kind)):
            yield name, (kind, str(place))


def _problem(name: str, role: Role, modelled: bool, requests: set[str], features: set[str]) -> str | None:
    if not name or not name.isprintable() or "/" in name or len(name.encode()) > _LONGEST:
        return f"is no name for a column: expected 1 to {_LONGEST} bytes that can be printed, without '/'"
    if name == "*" or re.fullmatch(r"\^.*\$|__.*__", name):
        return "means something else where columns are chosen"
    if name in _STORED:
        return "has the name of a column of the feature store"
    embedded = {*features, "user_id", "item_id"} - {name}
    if modelled and (is_reserved(name, role) or name.removeprefix("embedding_") in embedded):
        return "has the name of a part of the models, or of a column that is computed"
    if role == "users" and (_SERVED.fullmatch(name) or name.removeprefix(CONTEXT) in requests - {name}):
        return "has the name of a column that answers are made with"
    return None
