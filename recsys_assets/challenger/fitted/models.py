"""What models of a recommender are fitted with: settings, workflow and encoded data."""

from __future__ import annotations

import hashlib
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from ops_gpu.models.registry import retriever_name
from recsys_assets.blueprint.blueprint import Blueprint
from recsys_assets.blueprint.json_files import read_json
from recsys_assets.tables.data_version import hash_files

if TYPE_CHECKING:
    from ops_gpu.models.contract import Ranker, Retrievers
    from ops_gpu.recommender.fit_config import FitConfig
    from ops_gpu.schema.schema import Schema
    from ops_gpu.workflow.workflow import Workflow

CONTINUED = "continued_workflow"
"""Name of the folder beside the models with the workflow that a release of them has."""
FIT = "fit.json"
"""Name of the file beside the models that says by which full fit of the workflow their codes were given out."""


def fit_config(blueprint: Blueprint) -> FitConfig:
    """Settings of the models; whether repeats are welcome comes from the recommender as a whole."""
    from ops_gpu.recommender.fit_config import FitConfig

    settings = blueprint.settings
    candidates = replace(settings.candidates, repeats=settings.repeats)
    retrieval = {retriever_name(config): config for config in settings.retrieval}
    return FitConfig(retrieval, candidates, settings.ranking)


def fitted_workflow(blueprint: Blueprint) -> Workflow:
    """The workflow over all days, as the asset `workflow` wrote it."""
    from ops_gpu.workflow.workflow import Workflow

    return Workflow.load(blueprint.home.workflow(blueprint.name))


def challenger_workflow(blueprint: Blueprint) -> Workflow:
    """The workflow that the challenger's models were fitted with, which knows nothing of the judged days."""
    from ops_gpu.workflow.workflow import Workflow

    return Workflow.load(blueprint.home.retrieval_model(blueprint.name) / "workflow")


def released_workflow(blueprint: Blueprint) -> Workflow:
    """The workflow that goes on from the challenger's over all days that there were when the models were fitted.

    The asset `workflow` may have been fitted again since: on days that nothing can be judged by, models stay.

    Raises:
        ValueError: when workflow and models are of different fits, where a version of before fitted these models.
    """
    from ops_gpu.workflow.workflow import Workflow

    kept = blueprint.home.retrieval_model(blueprint.name) / CONTINUED
    if kept.exists():
        return Workflow.load(kept)
    fit = read_json(fit_file(blueprint)) or {}
    if fit.get("challenger") != challenger_workflow(blueprint).hash():
        raise ValueError(
            f"{blueprint.name}/workflow was fitted again after {blueprint.name}/retrieval_model, expected models of "
            f"its codes; materialize {blueprint.name}/retrieval_model and what comes after it."
        )
    return fitted_workflow(blueprint)


def models_fit(blueprint: Blueprint) -> str:
    """Hash of the full fit of the workflow that gave out the codes of the retrieval models.

    Raises:
        ValueError: when they are of a version of before.
    """
    noted = read_json(blueprint.home.retrieval_model(blueprint.name) / FIT)
    if noted is None:
        name = blueprint.name
        raise ValueError(f"{name}/retrieval_model is of a version before; materialize {name}/retrieval_model first.")
    return str(noted["fit"])


def next_workflows(blueprint: Blueprint) -> tuple[Workflow, Workflow]:
    """The challenger's workflow and the one that goes on from it, as the asset `workflow` wrote them last.

    Raises:
        ValueError: when it was cut off between them.
    """
    from ops_gpu.workflow.workflow import Workflow

    challenger, fitted = Workflow.load(blueprint.home.challenger_workflow(blueprint.name)), fitted_workflow(blueprint)
    fit = read_json(fit_file(blueprint)) or {}
    if fit.get("challenger") != challenger.hash():
        raise ValueError(
            f"{blueprint.name}/workflow was cut off when it was last written, expected its parts to be of one fit; "
            f"materialize {blueprint.name}/workflow and what comes after it."
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


def judged_models(blueprint: Blueprint) -> str:
    """Hash of the models that an evaluation judges, and of their workflow."""
    return hash_files([blueprint.home.retrieval_model(blueprint.name), blueprint.home.ranking_model(blueprint.name)])


def fitted_anew(blueprint: Blueprint) -> bool:
    """Whether the last fit of the workflow gave out codes anew, or appended to those that there were."""
    return bool((read_json(fit_file(blueprint)) or {}).get("anew"))


def fit_file(blueprint: Blueprint) -> Path:
    """Where it is kept how the workflow was fitted: hash and time of the last full fit, hash of the challenger's."""
    return blueprint.home.recommender(blueprint.name) / "workflow_fit.json"


def fit_id(blueprint: Blueprint) -> str:
    """Hash of the workflow as it was last fitted anew.

    Raises:
        ValueError: when the asset `workflow` was cut off.
    """
    fit = read_json(fit_file(blueprint))
    if fit is None:
        raise ValueError(
            f"{blueprint.name}/workflow was not written to its end; materialize {blueprint.name}/workflow first."
        )
    return str(fit["fit"])


def last_refit(blueprint: Blueprint) -> str:
    """When the workflow was last fitted anew, which may have given the codes that there were; empty before that."""
    return str((read_json(fit_file(blueprint)) or {}).get("refit", ""))


def retrievers(blueprint: Blueprint, which: Literal["early", "model"]) -> Retrievers:
    """The retrieval models trained up to the ranker's first lists (`early`), or up to the judged days (`model`)."""
    return load_retrievers(blueprint.home.retrieval_model(blueprint.name) / which, fit_config(blueprint))


def load_retrievers(folder: Path, config: FitConfig) -> Retrievers:
    """The retrieval models below a folder, by name.

    Args:
        folder: has a folder a model.
        config: says which there are, and with what settings they were fitted.
    """
    from ops_gpu.models.registry import retriever_class
    from serving.ensemble.release_parts import retriever_folder

    return {
        name: retriever_class(name).load(retriever_folder(folder, name), settings)
        for name, settings in config.retrieval.items()
    }


def ranker(blueprint: Blueprint) -> Ranker:
    """The ranker as it stands before the judged days."""
    from ops_gpu.models.registry import ranker_class

    config = blueprint.settings.ranking
    return ranker_class(config).load(blueprint.home.ranking_model(blueprint.name), config)
