"""What models of a recommender are fitted with: settings, workflow and encoded data."""

from __future__ import annotations

import hashlib
import tempfile
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from recsys_assets.blueprint.blueprint import Blueprint
from recsys_assets.blueprint.json_files import read_json
from recsys_assets.tables.data_version import content_hash
from recsys_assets.tables.tables import interactions_frame, items_frame, users_frame

if TYPE_CHECKING:
    from ops_gpu.evaluation.comparison import Contender
    from ops_gpu.features.training_data import TrainingData
    from ops_gpu.models.retrieval.model import RetrievalModel
    from ops_gpu.recommender.two_stage import FitConfig
    from ops_gpu.schema.schema import Schema
    from ops_gpu.workflow.workflow import Workflow

CONTINUED = "continued_workflow"
"""Name of the folder beside the models with the workflow that a release of them has."""


def fit_config(plan: Blueprint) -> FitConfig:
    """Settings of the models; whether repeats are welcome comes from the recommender as a whole."""
    from ops_gpu.recommender.two_stage import FitConfig

    settings = plan.settings
    candidates = replace(settings.candidates, repeats=settings.repeats)
    return FitConfig(settings.retrieval, candidates, settings.ranking)


def fitted_workflow(plan: Blueprint) -> Workflow:
    """The workflow over all days, as the asset `workflow` wrote it."""
    from ops_gpu.workflow.workflow import Workflow

    return Workflow.load(plan.home.workflow(plan.name))


def challenger_workflow(plan: Blueprint) -> Workflow:
    """The workflow that the challenger's models were fitted with, which knows nothing of the judged days."""
    from ops_gpu.workflow.workflow import Workflow

    return Workflow.load(plan.home.retrieval_model(plan.name) / "workflow")


def released_workflow(plan: Blueprint) -> Workflow:
    """The workflow that goes on from the challenger's over all days that there were when the models were fitted.

    The asset `workflow` may have been fitted again since: on days that nothing can be judged by, models stay.

    Raises:
        ValueError: when workflow and models are of different fits, where a version of before fitted these models.
    """
    from ops_gpu.workflow.workflow import Workflow

    kept = plan.home.retrieval_model(plan.name) / CONTINUED
    if kept.exists():
        return Workflow.load(kept)
    fit = read_json(fit_file(plan)) or {}
    if fit.get("challenger") != challenger_workflow(plan).hash():
        raise ValueError(
            f"{plan.name}/workflow was fitted again after {plan.name}/retrieval_model, expected models of its codes; "
            f"materialize {plan.name}/retrieval_model and what comes after it."
        )
    return fitted_workflow(plan)


def next_workflows(plan: Blueprint) -> tuple[Workflow, Workflow]:
    """The challenger's workflow and the one that goes on from it, as the asset `workflow` wrote them last.

    Raises:
        ValueError: when it was cut off between them.
    """
    from ops_gpu.workflow.workflow import Workflow

    challenger, fitted = Workflow.load(plan.home.challenger_workflow(plan.name)), fitted_workflow(plan)
    fit = read_json(fit_file(plan)) or {}
    if fit.get("challenger") != challenger.hash():
        raise ValueError(
            f"{plan.name}/workflow was cut off when it was last written, expected its parts to be of one fit; "
            f"materialize {plan.name}/workflow and what comes after it."
        )
    return challenger, fitted


def workflow_version(fitted: Workflow, challenger: str) -> str:
    """Data version of the asset `workflow`.

    Args:
        fitted: over all days.
        challenger: hash of the challenger's.
    """
    return f"{fitted.hash()[:16]}-{challenger[:8]}"


def schema_version(schema: Schema) -> str:
    """Data version of the asset `schema`: of the file that it writes."""
    with tempfile.TemporaryDirectory() as place:
        path = Path(place, "schema.json")
        schema.save(path)
        return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


def judged_models(plan: Blueprint) -> str:
    """Hash of the models that an evaluation judges, and of their workflow."""
    return content_hash([plan.home.retrieval_model(plan.name), plan.home.ranking_model(plan.name)])


def fitted_anew(plan: Blueprint) -> bool:
    """Whether the last fit of the workflow gave out codes anew, or appended to those that there were."""
    return bool((read_json(fit_file(plan)) or {}).get("anew"))


def fit_file(plan: Blueprint) -> Path:
    """Where it is kept how the workflow was fitted: hash of the last full fit and of the challenger's workflow."""
    return plan.home.recommender(plan.name) / "workflow_fit.json"


def fit_id(plan: Blueprint) -> str:
    """Hash of the workflow as it was last fitted anew.

    Raises:
        ValueError: when the asset `workflow` was cut off.
    """
    fit = read_json(fit_file(plan))
    if fit is None:
        raise ValueError(f"{plan.name}/workflow was not written to its end; materialize {plan.name}/workflow first.")
    return str(fit["fit"])


def training_data(plan: Blueprint, workflow: Workflow, until: date | None = None) -> TrainingData:
    """All materialized events and both tables, encoded.

    Args:
        plan: the recommender.
        workflow: to encode with.
        until: last day of events wanted; None for all.
    """
    from ops_gpu.features.training_data import TrainingData

    return TrainingData.assemble(
        interactions_frame(plan, until),
        users_frame(plan),
        items_frame(plan),
        workflow,
        plan.settings.retrieval.history_length,
    )


def challenger(plan: Blueprint) -> Contender:
    """The models as they stand before the judged days, with the data as they see it."""
    from ops_gpu.evaluation.comparison import Contender
    from ops_gpu.models.ranking.model import RankingModel

    workflow, config = challenger_workflow(plan), fit_config(plan)
    ranker = RankingModel.load(plan.home.ranking_model(plan.name), config.ranking)
    return Contender(training_data(plan, workflow), workflow, towers(plan, "model"), ranker, config)


def towers(plan: Blueprint, which: Literal["early", "model"]) -> RetrievalModel:
    """The towers trained up to the ranker's first lists (`early`), or up to the evaluated days (`model`)."""
    from ops_gpu.models.retrieval.model import RetrievalModel

    return RetrievalModel.load(plan.home.retrieval_model(plan.name) / which, plan.settings.retrieval)
