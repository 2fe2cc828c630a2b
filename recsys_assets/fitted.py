"""What models of a recommender are fitted with: settings, workflow and encoded data."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Literal

from recsys_assets.blueprint import Blueprint
from recsys_assets.canonical import interactions_frame, items_frame, users_frame

if TYPE_CHECKING:
    from ops_gpu.comparison import Contender
    from ops_gpu.fitting import FitConfig
    from ops_gpu.retrieval import RetrievalModel
    from ops_gpu.training_data import TrainingData
    from ops_gpu.workflow import Workflow


def fit_config(plan: Blueprint) -> FitConfig:
    """Settings of the models; whether repeats are welcome comes from the recommender as a whole."""
    from ops_gpu.fitting import FitConfig

    settings = plan.settings
    candidates = replace(settings.candidates, repeats=settings.repeats)
    return FitConfig(settings.retrieval, candidates, settings.ranking)


def fitted_workflow(plan: Blueprint) -> Workflow:
    """The workflow as the asset `workflow` wrote it."""
    from ops_gpu.workflow import Workflow

    return Workflow.load(plan.home.workflow(plan.name))


def training_data(plan: Blueprint, workflow: Workflow | None = None, until: date | None = None) -> TrainingData:
    """All materialized events and both tables, encoded.

    Args:
        plan: the recommender.
        workflow: to encode with; None for the recommender's own.
        until: last day of events wanted; None for all.
    """
    from ops_gpu.training_data import TrainingData

    return TrainingData.assemble(
        interactions_frame(plan, until),
        users_frame(plan),
        items_frame(plan),
        workflow or fitted_workflow(plan),
        plan.settings.retrieval.history_length,
    )


def candidate(plan: Blueprint) -> Contender:
    """The models as they stand before the evaluated days, with the data as they see it."""
    from ops_gpu.comparison import Contender
    from ops_gpu.ranking import RankingModel

    workflow, config = fitted_workflow(plan), fit_config(plan)
    ranker = RankingModel.load(plan.home.ranking_model(plan.name), config.ranking)
    return Contender(training_data(plan, workflow), workflow, towers(plan, "model"), ranker, config)


def towers(plan: Blueprint, which: Literal["early", "model"]) -> RetrievalModel:
    """The towers trained up to the ranker's first lists (`early`), or up to the evaluated days (`model`)."""
    from ops_gpu.retrieval import RetrievalModel

    return RetrievalModel.load(plan.home.retrieval_model(plan.name) / which, plan.settings.retrieval)
