"""Everything as of a cut, from canonical frames to measured lists: how good would it have been?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from ops_gpu.evaluation.evaluate import Evaluation, evaluate
from ops_gpu.evaluation.evaluation_protocol import EvaluationProtocol
from ops_gpu.evaluation.rows_by_day import rows_by_day
from ops_gpu.features.entity_workflow import fit_workflow
from ops_gpu.features.training_data import TrainingData
from ops_gpu.graph.node import Node
from ops_gpu.models.training.progress import Progress
from ops_gpu.recommender.candidate_sources import sources_at
from ops_gpu.recommender.fit_config import FitConfig
from ops_gpu.recommender.two_stage import fit_ranker, fit_retrieval_until, make_ranking_rows
from ops_gpu.schema.raw_schema import raw_schema
from ops_gpu.schema.schema import Schema
from ops_gpu.workflow.workflow import Workflow


@dataclass(frozen=True)
class AsOf:
    """What was built and measured.

    Args:
        data: events and features, encoded by a workflow that saw only what lies before the cut.
        workflow: that workflow.
        evaluation: lists made at the cut, compared with what followed.
        user_ids: raw ids of the evaluated users.
        offered: raw ids of the items that competed.
    """

    data: TrainingData
    workflow: Workflow
    evaluation: Evaluation
    user_ids: npt.NDArray[Any]
    offered: npt.NDArray[Any]


def evaluate_as_of(
    interactions: pl.DataFrame,
    users: pl.DataFrame,
    items: pl.DataFrame,
    graph: Callable[[Schema], Node],
    config: FitConfig,
    cut: int,
    end: int,
    progress: Progress | None = None,
) -> AsOf:
    """Fits the whole recommender on what lies before the cut and measures its lists on `[cut, end)`.

    Vocabularies, statistics, models and item state are all made anew from events before the cut; only the catalogue's
    own columns (features of users and items) are taken as they are now.

    Args:
        interactions: canonical, all days.
        users: canonical.
        items: canonical.
        graph: gives the workflow's graph for a schema (`default_workflow`, or the user's own).
        config: settings.
        cut: epoch seconds.
        end: epoch seconds, exclusive.
        progress: told a line a step.

    Raises:
        ValueError: when there is nothing before the cut or nobody to measure after it.

    Example:
        >>> from ops_gpu.workflow.default_workflow import default_workflow
        >>> found = evaluate_as_of(interactions, users, items, default_workflow, config, cut, end)
        >>> recall = found.evaluation.to_dict()["final"]["recall@20"]
    """
    tell = progress or (lambda line: None)
    past = interactions.filter(pl.col("timestamp") < datetime.fromtimestamp(cut, UTC).replace(tzinfo=None))
    if past.height == 0:
        raise ValueError(f"no event lies before {datetime.fromtimestamp(cut, UTC):%Y-%m-%d}; choose a later cut.")
    tell(f"features from {past.height:,} events")
    users, items = _with_later(users, interactions, "user_id"), _with_later(items, interactions, "item_id")
    schema = raw_schema(users, items)
    workflow = fit_workflow(past, users, items, Workflow(graph(schema), schema))
    data = TrainingData.assemble(interactions, users, items, workflow, config.history_length)
    with TemporaryDirectory() as place:
        learned, moments = data, None
        if workflow.as_of_columns:  # without them, rows of today's tables are what they were
            state = config.candidates.snapshot, config.history_length
            by_day, moments = rows_by_day(data, (users, items), past, workflow, *state, Path(place))
            learned = replace(data, rows=by_day)
        fitted = fit_retrieval_until(learned, config, cut, lambda line: tell(f"retrieval, {line}"))
        tell("training lists of the ranker")
        rows = make_ranking_rows(data, fitted.early, config, cut, taught=moments)
    ranking = fit_ranker(data, rows, config, progress=lambda line: tell(f"ranking, {line}"))
    tell("lists and baselines")
    sources = sources_at(data, fitted.models, cut, config.candidates)
    half_life = config.candidates.snapshot.popular_half_life_days
    protocol = EvaluationProtocol(cut, end, config.candidates.repeats, half_life)
    result = evaluate(data, sources, ranking, protocol)
    offered = workflow.decode("item_id", np.flatnonzero(sources.item_state.available))
    return AsOf(data, workflow, result, workflow.decode("user_id", result.users), offered)


def _with_later(frame: pl.DataFrame, interactions: pl.DataFrame, key: str) -> pl.DataFrame:
    """The table with everyone who comes later too: each needs a code of their own to be counted as one."""
    later = interactions.select(key).unique(maintain_order=True).join(frame, on=key, how="anti", maintain_order="left")
    return pl.concat([frame, later], how="diagonal")
