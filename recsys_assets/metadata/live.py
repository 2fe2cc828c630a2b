"""What a live recommender answers, as metadata."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from recsys_assets.blueprint.blueprint import Blueprint
from recsys_assets.metadata.tables import table
from recsys_assets.tables.tables import items_frame


def answers(blueprint: Blueprint, url: str, users: Sequence[Any], k: int = 5) -> str:
    """The first items of some users, with the time of all stages together.

    Args:
        blueprint: the recommender.
        url: gRPC address.
        users: whom to ask for.
        k: items a user.
    """
    from serving.client.client import RecommenderClient
    from serving.decisions.reader import TEST

    titles = dict(items_frame(blueprint).select("item_id", "title").iter_rows())
    rows = []
    with RecommenderClient(url, blueprint.name) as client:
        for user in users:
            answer = client.recommend([user], k, request_id=f"{TEST}metadata")[0]
            items = [str(titles.get(item.item_id) or item.item_id) for item in answer.items]
            rows.append([user, answer.source, items, round(sum(answer.stage_ms.values()), 2)])
    return table(["user", "list", "items", "ms"], rows)
