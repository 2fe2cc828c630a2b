"""What a generated log's planted truth reaches on the evaluated days: the most that could be known."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from recsys_assets.blueprint.blueprint import Blueprint

if TYPE_CHECKING:
    from ops_gpu.evaluation.backtest import AsOf

DEPTH = 20


def oracle_metrics(blueprint: Blueprint, found: AsOf, cut: date) -> dict[str, dict[str, float]]:
    """`{"oracle": metrics}` for a recommender with generated logs, nothing for others.

    The oracle ranks the items that competed by the true chance that the user picks and likes them on the day of the
    cut; what the user had already is left out.

    Args:
        blueprint: the recommender.
        found: the evaluation whose users and items count.
        cut: the day of the cut.
    """
    path = blueprint.home.data(blueprint.name) / "truth.npz"
    if blueprint.settings.generator is None or not path.exists():
        return {}
    from ops_gpu.evaluation.evaluate import measure
    from ops_gpu.interactions.utc_days import day_start
    from ops_gpu.primitives.tie_order import tie_order
    from ops_gpu.recommender.ranking_examples import choices_after
    from ops_gpu.synthetic import Oracle

    oracle = Oracle.load(path)
    events, start = found.data.events, day_start(cut)
    users, chosen = choices_after(events, start, int(events.time[-1]) + 1, blueprint.settings.repeats)
    scores = oracle.scores(found.user_ids, cut)
    competing = np.zeros(scores.shape[1] + 1, np.bool_)
    competing[found.offered] = True
    scores[:, ~competing[1:]] = -1.0
    if not blueprint.settings.repeats:
        past = events.before(start)
        row = np.searchsorted(users, past.user)
        mine = users[np.minimum(row, len(users) - 1)] == past.user
        items = found.workflow.decode("item_id", past.item[mine])
        scores[row[mine], items - 1] = -1.0
    ties = np.broadcast_to(tie_order(np.arange(scores.shape[1])), scores.shape)
    best = np.lexsort((ties, -scores), axis=1)[:, :DEPTH] + 1
    lists = found.workflow.encode("item_id", best.astype(np.int64))
    values: dict[str, float] = {}
    for metrics in measure(lists, chosen).values():
        values |= metrics.summary()
    return {"oracle": values}
