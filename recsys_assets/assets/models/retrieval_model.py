"""Asset `retrieval_model`: the models that find candidates."""

# No `from __future__ import annotations`: Dagster reads the annotations of what it decorates.

from collections.abc import Iterator
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import dagster as dg

from ops_gpu.interactions.utc_days import as_day
from ops_gpu.models.registry import RETRIEVERS
from ops_gpu.primitives.atomic_directory import atomic_directory
from recsys_assets.automation.conditions import RebuildCondition
from recsys_assets.blueprint.blueprint import Blueprint
from recsys_assets.blueprint.code_version import code_version
from recsys_assets.blueprint.left_out import leave_out
from recsys_assets.blueprint.model_families import retrieval_code, retrieval_names
from recsys_assets.blueprint.user_errors import user_errors
from recsys_assets.challenger.fitted.day_ranges import RANGES, DayRanges
from recsys_assets.challenger.fitted.kept_fit import EARLY, MODEL, kept_fit, note_fit
from recsys_assets.challenger.fitted.live_release import live_hash
from recsys_assets.challenger.fitted.models import CONTINUED, fit_config, next_workflows
from recsys_assets.challenger.training.training_data import TRAINING_CODE, TRAINING_DATA, feature_days, training_data
from recsys_assets.metadata.pictures import line_chart
from recsys_assets.metadata.tables import rounded, table
from recsys_assets.tables.data_version import hash_files
from resources.mlflow import MlflowResource
from resources.triton import TritonResource

if TYPE_CHECKING:
    from ops_gpu.features.training_data import TrainingData
    from ops_gpu.models.contract import Retrievers
    from ops_gpu.recommender.fit_config import FitConfig
    from ops_gpu.recommender.two_stage import RetrievalFit

DESCRIPTION = """The retrieval models that the YAML names, each a source of candidates: {models}.

Fitted on the days before those that the asset `workflow` has chosen to judge by, and the same configuration is
continued over them for the release. Where too few users chose anything new to judge by, nothing is fitted and nothing
released, and those days count in the next comparison.

Where nothing but later days came since they were fitted last, they go on from there with those days. They are fitted
anew with a full refit of the workflow, by other settings or code, and when a day that they know was corrected.

The curve of a loss has two parts: epochs up to the oldest lists that the ranker learns from, then those over the
newer days, where it starts higher again.
"""


def retrieval_model(blueprint: Blueprint, condition: RebuildCondition) -> dg.AssetsDefinition:
    """Defines the asset."""
    settings, models = blueprint.settings, retrieval_names(blueprint.settings)

    @blueprint.asset(
        "retrieval_model",
        "models",
        DESCRIPTION.format(models=", ".join(models)),
        kinds=["keras", "tensorflow"],
        after=["interactions", "item_state", *TRAINING_DATA],
        code=["ops_gpu.recommender.day_ranges", *_code(blueprint)],
        settings={
            "retrieval": settings.retrieval,
            "ranking": _moments(blueprint),
            "evaluation": settings.evaluation,
        },
        condition=condition,
        optional=True,
    )
    def fit(
        context: dg.AssetExecutionContext, mlflow: MlflowResource, triton: TritonResource
    ) -> Iterator[dg.MaterializeResult[Any]]:
        from ops_gpu.recommender.two_stage import fit_retrieval_until

        day_ranges = DayRanges.planned(blueprint).beside(blueprint, live_hash(blueprint, triton, mlflow))
        if reason := day_ranges.unjudged(blueprint):
            leave_out(context, blueprint, "retrieval_model", reason)
            return
        with user_errors(ValueError):
            workflow, continued = next_workflows(blueprint)
            days, end = feature_days(blueprint), day_ranges.ranges.fit_end
            days.require_until(day_ranges.ranges.end)
            data, config = training_data(blueprint, workflow), fit_config(blueprint)
            made_by = code_version(_code(blueprint), {"retrieval": settings.retrieval, "ranking": _moments(blueprint)})
            kept = kept_fit(blueprint, days, end, made_by)
            fitted = fit_retrieval_until(data, config, end, context.log.info, kept)
        folder = blueprint.home.retrieval_model(blueprint.name)
        with atomic_directory(folder) as aside:
            for name in models:
                fitted.early[name].save(aside / EARLY / name)
                fitted.models[name].save(aside / MODEL / name)
            workflow.save(aside / "workflow")  # its codes are those of these models
            continued.save(aside / CONTINUED)  # what a release of these models has, whatever is fitted after them
            note_fit(blueprint, aside, days, end, made_by, kept is not None)
            replace(day_ranges, early_end=fitted.early_end).save(aside)
        losses = {name: list(model.losses) for name, model in fitted.models.items() if model.losses}
        final = {f"final_loss_{name}": values[-1] for name, values in losses.items()}
        curves = {f"loss_{name}": values for name, values in losses.items()}
        run = mlflow.track(blueprint.name, "retrieval_model", _parameters(config), final, curves)
        metadata: dict[str, Any] = {
            **day_ranges.metadata(),
            "fitted": _how(kept, end),
            **({"loss": line_chart(losses, "epoch", "loss", 1, "Loss of the retrieval models")} if losses else {}),
            **{name: rounded(value) for name, value in final.items()},
            "models": dg.MetadataValue.md(_models(fitted.models, data, config)),
            "mlflow_run": run,
        }
        learned = [folder / part for part in (EARLY, MODEL, "workflow", CONTINUED, RANGES)]  # not when it was
        version = dg.DataVersion(hash_files(learned))
        yield dg.MaterializeResult(metadata=metadata, data_version=version)

    return fit


def _code(blueprint: Blueprint) -> list[str]:
    """Modules that decide what the models are, given their rows."""
    return ["ops_gpu.recommender.two_stage", *TRAINING_CODE, *retrieval_code(blueprint.settings)]


def _how(kept: "RetrievalFit | None", end: int) -> str:
    """Whether the models were fitted anew, or went on from those of before."""
    if kept is None:
        return "anew"
    return "as before" if kept.end == end else f"continued over {as_day(kept.end)} to {as_day(end - 1)}"


def _moments(blueprint: Blueprint) -> dict[str, Any]:
    """Settings of the ranker that decide up to where the early models are trained."""
    ranking = blueprint.settings.ranking
    return {name: getattr(ranking, name) for name in ("moments", "step_days", "horizon_days")}


def _parameters(config: "FitConfig") -> dict[str, Any]:
    """All settings by model and name, for MLflow."""
    return {
        f"{name}.{key}": value for name, settings in config.retrieval.items() for key, value in asdict(settings).items()
    }


def _models(models: "Retrievers", data: "TrainingData", config: "FitConfig") -> str:
    """What each model is, took and found."""
    rows = []
    for name, model in models.items():
        cost, kind = model.cost(data, config.retrieval[name]), "dense" if RETRIEVERS[name].dense else "sparse"
        found = ", ".join(f"{key.replace('_', ' ')}: {value:,}" for key, value in model.summary().items())
        rows.append([name, kind, f"{cost.fit_bytes / 2**20:,.1f}", f"{cost.model_bytes / 2**20:,.1f}", found])
    return table(["model", "kind", "MiB to fit", "MiB to serve", "learned"], rows)
