"""Users to try a release with before it answers others."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from recsys_assets.blueprint.blueprint import Blueprint
from recsys_assets.tables.nobody import nobody
from recsys_assets.tables.tables import users_frame


def some_users(blueprint: Blueprint, most: int = 6, without: Collection[Any] = ()) -> list[Any]:
    """Ids to try a release with: known ones, spread over the table, and one that nobody has.

    Args:
        blueprint: the recommender.
        most: known ones at most.
        without: ids to pass over.
    """
    everyone = users_frame(blueprint)["user_id"].sort()
    ids = everyone.filter(~everyone.is_in(list(without)))
    known = ids.gather_every(max(1, len(ids) // most)).head(most).to_list()
    return [*known, nobody(everyone)]


def users_to_try(blueprint: Blueprint, most: int = 20) -> list[Any]:
    """Ids to warm up and prove a release with: `some_users`, and those who were answered last, if any were."""
    from serving.decisions.reader import recent_users

    users = some_users(blueprint)
    recent = recent_users(blueprint.home.decisions(blueprint.name), most)
    same_type = [user for user in recent if type(user) is type(users[-1])]  # ids may have changed their type
    return list(dict.fromkeys([*users, *same_type]))
