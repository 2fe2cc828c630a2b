"""Whether two descriptions of the logs of a recommender mean the same ids."""

from __future__ import annotations

import ast
from typing import Any

LOG = ("source", "user", "item", "user_id_type", "item_id_type")
TABLE = ("source", "id")


def same_ids(before: str, now: str) -> bool:
    """Whether two descriptions of a recommender's logs name the same ids in the same files.

    Args:
        before: `repr` of the interactions, users and items, perhaps of an earlier version.
        now: that of today.

    Returns:
        Whether sources, columns of ids and their types are the same, as far as both name them; a description that
        cannot be understood is another one.
    """
    try:
        sides = [_of_ids(ast.parse(text, mode="eval").body) for text in (before, now)]
    except (SyntaxError, ValueError, TypeError):
        return False
    return _alike(*sides)


def _of_ids(node: ast.expr) -> list[Any]:
    """What decides about ids, in each of the three."""
    log, *tables = _values(node)
    with_files = [
        table if table and table.get("source") else None for table in tables
    ]  # others have no ids of their own
    return [
        {name: log.get(name) for name in LOG},
        *({name: table.get(name) for name in TABLE} if table else {} for table in with_files),
    ]


def _values(node: ast.expr) -> Any:
    """A call becomes a dictionary of what it is called with, a tuple a list, and all else what it stands for."""
    if isinstance(node, ast.Call):
        return {str(keyword.arg): _values(keyword.value) for keyword in node.keywords}
    if isinstance(node, (ast.Tuple, ast.List)):
        return [_values(one) for one in node.elts]
    return ast.literal_eval(node)


def _alike(before: Any, now: Any) -> bool:
    """Whether all that both name is equal: a setting that an earlier version did not have says nothing."""
    if isinstance(before, dict) and isinstance(now, dict):
        if not before or not now:
            return before == now
        return all(_alike(before[name], now[name]) for name in before.keys() & now.keys())
    if isinstance(before, list) and isinstance(now, list):
        return len(before) == len(now) and all(map(_alike, before, now))
    return bool(before == now)
