"""What models of a recommender are fitted with: settings, workflow and encoded data."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from recsys_assets.blueprint import Blueprint
from recsys_assets.canonical import interactions_frame, items_frame, users_frame
from recsys_assets.files import read_json

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
    """The workflow over all days, as the asset `workflow` wrote it."""
    from ops_gpu.workflow import Workflow

    return Workflow.load(plan.home.workflow(plan.name))


def challenger_workflow(plan: Blueprint) -> Workflow:
    """The workflow that the challenger's models were fitted with, which knows nothing of the judged days."""
    from ops_gpu.workflow import Workflow

    return Workflow.load(plan.home.retrieval_model(plan.name) / "workflow")


def released_workflow(plan: Blueprint) -> Workflow:
    """The workflow over all days, if it goes on from the challenger's.

    Raises:
        ValueError: when workflow and models are of different fits.
    """
    fit = read_json(fit_file(plan)) or {}
    if fit.get("challenger") != challenger_workflow(plan).hash():
        raise ValueError(
            f"{plan.name}/workflow was fitted again after {plan.name}/retrieval_model, expected models of its codes; "
            f"materialize {plan.name}/retrieval_model and what comes after it."
        )
    return fitted_workflow(plan)


def fitted_anew(plan: Blueprint) -> bool:
    """Whether the last fit of the workflow gave out codes anew, or appended to those that there were."""
    return bool((read_json(fit_file(plan)) or {}).get("anew"))


def fit_file(plan: Blueprint) -> Path:
    """Where it is kept how the workflow was fitted: hash of the last full fit and of the challenger's workflow."""
    return plan.home.recommender(plan.name) / "workflow_fit.json"


def fit_id(plan: Blueprint) -> str:
    """Hash of the workflow as it was last fitted anew."""
    return str(read_json(fit_file(plan))["fit"])


def training_data(plan: Blueprint, workflow: Workflow, until: date | None = None) -> TrainingData:
    """All materialized events and both tables, encoded.

    Args:
        plan: the recommender.
        workflow: to encode with.
        until: last day of events wanted; None for all.
    """
    from ops_gpu.training_data import TrainingData

    return TrainingData.assemble(
        interactions_frame(plan, until),
        users_frame(plan),
        items_frame(plan),
        workflow,
        plan.settings.retrieval.history_length,
    )


def challenger(plan: Blueprint) -> Contender:
    """The models as they stand before the judged days, with the data as they see it."""
    from ops_gpu.comparison import Contender
    from ops_gpu.ranking import RankingModel

    workflow, config = challenger_workflow(plan), fit_config(plan)
    ranker = RankingModel.load(plan.home.ranking_model(plan.name), config.ranking)
    return Contender(training_data(plan, workflow), workflow, towers(plan, "model"), ranker, config)


def towers(plan: Blueprint, which: Literal["early", "model"]) -> RetrievalModel:
    """The towers trained up to the ranker's first lists (`early`), or up to the evaluated days (`model`)."""
    from ops_gpu.retrieval import RetrievalModel

    return RetrievalModel.load(plan.home.retrieval_model(plan.name) / which, plan.settings.retrieval)
