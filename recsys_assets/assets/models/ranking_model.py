"""Asset `ranking_model`: scores candidates."""

# No `from __future__ import annotations`: Dagster reads the annotations of what it decorates.

from dataclasses import asdict
from typing import Any

import dagster as dg

from ops_gpu.models.registry import ranker_name
from ops_gpu.primitives.atomic_directory import atomic_directory
from recsys_assets.automation.conditions import RebuildCondition
from recsys_assets.blueprint.blueprint import Blueprint
from recsys_assets.blueprint.code_version import code_version
from recsys_assets.blueprint.model_families import ranking_code, retrieval_code
from recsys_assets.blueprint.user_errors import user_errors
from recsys_assets.challenger.fitted.kept_ranker import kept_ranker, note_ranker, ranker_notes
from recsys_assets.challenger.fitted.models import challenger_workflow, fit_config
from recsys_assets.challenger.training.ranking_lists import ranking_lists
from recsys_assets.challenger.training.training_data import TRAINING_CODE, TRAINING_DATA, training_data
from recsys_assets.metadata.pictures import line_chart
from recsys_assets.metadata.tables import rounded
from recsys_assets.tables.data_version import hash_files
from resources.mlflow import MlflowResource

DESCRIPTION = """The ranker (`{model}`) over the features of user, item and pair: decayed popularity, age of the item,
the user's own count and recency with it, what each retrieval model says of it, and which sources brought it.

It learns from `training_lists` up to the days that the challenger is judged by. Where the retrieval models went on from
those of before, it does too: a challenger has learned no less than the live release that it is compared with.
"""


def ranking_model(blueprint: Blueprint, condition: RebuildCondition) -> dg.AssetsDefinition:
    """Defines the asset."""
    settings = blueprint.settings

    @blueprint.asset(
        "ranking_model",
        "models",
        DESCRIPTION.format(model=ranker_name(settings.ranking)),
        kinds=["keras", "tensorflow"],
        after=["training_lists", "retrieval_model", *TRAINING_DATA],
        code=_code(blueprint),
        settings=_settings(blueprint),
        condition=condition,
    )
    def fit(context: dg.AssetExecutionContext, mlflow: MlflowResource) -> dg.MaterializeResult[Any]:
        from ops_gpu.recommender.two_stage import fit_ranker

        data, config = training_data(blueprint, challenger_workflow(blueprint)), fit_config(blueprint)
        with user_errors(ValueError):
            lists = ranking_lists(blueprint)
            day_ranges = lists.day_ranges
            end = day_ranges.ranges.fit_end
            rows = lists.until(end)
            made_by = code_version(_code(blueprint), _settings(blueprint))
            notes = ranker_notes(blueprint, made_by, lists.made_from(end))
            kept, how = kept_ranker(blueprint, notes)
            ranker = kept if how == "as before" else None
            ranker = ranker or fit_ranker(data, rows, config, kept, progress=context.log.info)
        folder = blueprint.home.ranking_model(blueprint.name)
        with atomic_directory(folder) as aside:
            ranker.save(aside)
            note_ranker(aside, notes)
        losses = list(ranker.losses)
        parameters = asdict(settings.ranking) | {
            f"candidates.{key}": value for key, value in asdict(config.candidates).items()
        }
        run = mlflow.track(blueprint.name, "ranking_model", parameters, {"loss": losses[-1]}, {"loss": losses})
        metadata: dict[str, Any] = {
            **day_ranges.metadata(),
            "fitted": how,
            "lists": len(rows.lists) - 1,
            "rows": len(rows.item),
            "positive_share": rounded(rows.label.mean()),
            "loss": line_chart({"loss": losses}, "epoch", "loss", 1, "Loss of the ranker"),
            "final_loss": rounded(losses[-1]),
            "mlflow_run": run,
        }
        version = dg.DataVersion(hash_files([folder]))
        return dg.MaterializeResult(metadata=metadata, data_version=version)

    return fit


def _code(blueprint: Blueprint) -> list[str]:
    """Modules that decide what the ranker is, given its lists."""
    own = ["ops_gpu.recommender.two_stage", ranking_code(blueprint.settings)]
    return [*own, *TRAINING_CODE, *retrieval_code(blueprint.settings)]


def _settings(blueprint: Blueprint) -> dict[str, Any]:
    settings = blueprint.settings
    return {"ranking": settings.ranking, "candidates": settings.candidates, "repeats": settings.repeats}
