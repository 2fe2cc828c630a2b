"""Some lists with titles: sense or nonsense shows at a glance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from recsys_assets.blueprint.blueprint import Blueprint
from recsys_assets.metadata.tables import table
from recsys_assets.tables.tables import items_frame

if TYPE_CHECKING:
    from ops_gpu.evaluation.comparison import Contender
    from ops_gpu.evaluation.evaluate import Evaluation

USERS, ITEMS = 10, 5


def sample_lists(blueprint: Blueprint, mine: Contender, found: Evaluation, as_of: int) -> str:
    """Ten users of the evaluation: what they liked last before the cut, and what they were then given.

    Args:
        blueprint: the recommender.
        mine: the challenger.
        found: its evaluation.
        as_of: the cut, epoch seconds.
    """
    import numpy as np

    from ops_gpu.features.feature_table import FIRST_CODE

    items = items_frame(blueprint)
    titles = dict(items.select("item_id", "title").iter_rows())

    def named(codes: Any) -> list[str]:
        kept = [code for code in codes if code >= FIRST_CODE]
        return [str(titles.get(value) or value) for value in mine.workflow.invert("item_id", np.array(kept, int))]

    chosen = np.random.default_rng(0).permutation(len(found.users))[:USERS]
    past = mine.data.events.before(as_of)
    liked = past.where(past.positive)
    rows = []
    for position in sorted(chosen):
        user = int(found.users[position])
        last = liked.item[liked.user == user][::-1][:ITEMS]
        name = mine.workflow.invert("user_id", np.array([user]))[0]
        rows.append([name, named(dict.fromkeys(last.tolist())), named(found.lists[position][:ITEMS])])
    return table(["user", "liked last", "recommended"], rows)
