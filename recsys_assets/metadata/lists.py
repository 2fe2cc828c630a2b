"""Pictures of the final lists: how much longer lists find, and whether scores tell choices apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from recsys_assets.metadata.pictures import densities, line_chart

if TYPE_CHECKING:
    from ops_gpu.evaluation.comparison import Contender
    from ops_gpu.evaluation.evaluate import Evaluation
    from ops_gpu.evaluation.evaluation_protocol import EvaluationProtocol
    from ops_gpu.recommender.candidate_sources import CandidateSources

USERS = 1_000


def list_pictures(
    mine: Contender, sources: CandidateSources, found: Evaluation, protocol: EvaluationProtocol
) -> dict[str, Any]:
    """Metric curves and score histogram of some users of the evaluation, spread over all of them.

    Args:
        mine: the challenger.
        sources: its candidate sources as of the cut.
        found: its evaluation.
        protocol: the evaluated days and rules.
    """
    import numpy as np

    from ops_gpu.recommender.ranking_examples import choices_after
    from ops_gpu.recommender.two_stage import recommend

    users, chosen = choices_after(mine.data.events, protocol.start, protocol.end, protocol.repeats)
    some = np.unique(np.linspace(0, len(users) - 1, USERS).astype(np.int64))
    chosen = chosen.take(some)
    lists = recommend(mine.data, sources, mine.ranking, users[some], protocol.k)
    return {
        "metric_curves": _curves(found.lists[some], chosen, protocol.k),
        "scores": _scores(lists.final, lists.scores, chosen),
    }


def _curves(lists: Any, chosen: Any, longest: int) -> Any:
    from ops_gpu.evaluation.metrics import ListMetrics

    by_length = [ListMetrics.of(lists, chosen, k) for k in range(1, longest + 1)]
    lines = {
        "recall@k": [float(found.recall.mean()) for found in by_length],
        "NDCG@k": [float(found.ndcg.mean()) for found in by_length],
    }
    return line_chart(lines, "k, length of the list", "mean over users", 1, f"Final lists of {len(lists):,} users")


def _scores(items: Any, scores: Any, chosen: Any) -> Any:
    """Scores of the items that users then chose, beside those of the items that they did not."""
    import numpy as np

    row, position = np.nonzero(items > 0)
    base = 1 + max(int(items.max(initial=0)), int(chosen.values.max(initial=0)))
    hit = np.isin(row * base + items[row, position], chosen.row_ids * base + chosen.values)
    values = scores[row, position]
    groups = {"chosen afterwards": values[hit], "not chosen": values[~hit]}
    return densities(groups, "score of the ranker", title="Scores of recommended items")
