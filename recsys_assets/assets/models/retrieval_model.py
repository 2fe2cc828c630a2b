"""Asset `retrieval_model`: the two towers."""

# No `from __future__ import annotations`: Dagster reads the annotations of what it decorates.

from collections.abc import Iterator
from dataclasses import asdict, replace
from typing import Any

import dagster as dg

from ops_gpu.primitives.atomic_directory import atomic_directory
from recsys_assets.automation.conditions import Condition
from recsys_assets.blueprint.blueprint import Blueprint
from recsys_assets.blueprint.left_out import leave_out
from recsys_assets.blueprint.user_errors import user_errors
from recsys_assets.challenger.day_ranges import ChainRanges
from recsys_assets.challenger.live_release import live_hash
from recsys_assets.challenger.models import CONTINUED, fit_config, next_workflows, training_data
from recsys_assets.metadata.pictures import line_chart
from recsys_assets.metadata.tables import rounded
from recsys_assets.tables.data_version import content_hash
from resources.mlflow import MlflowResource
from resources.triton import TritonResource

DESCRIPTION = """Two towers in Keras: one embeds the user with the last items of their history, one embeds
items; an item is near the users who choose it. In-batch sampled softmax with correction for sampling (logQ)
and removal of accidental hits, vectors of unit length.

Fitted on the days before those that the asset `workflow` has chosen to judge by, and the same configuration is
continued over them for the release. Where too few users chose anything new to judge by, nothing is fitted and nothing
released, and those days count in the next comparison.

The curve of the loss has two parts: epochs up to the oldest lists that the ranker learns from, then those over the
newer days, where it starts higher again.
"""


def retrieval_model(blueprint: Blueprint, condition: Condition) -> dg.AssetsDefinition:
    """Defines the asset."""
    settings = blueprint.settings

    @blueprint.asset(
        "retrieval_model",
        "models",
        DESCRIPTION,
        kinds=["keras", "tensorflow"],
        after=["features", "workflow", "users", "items"],
        code=["ops_gpu.recommender.two_stage", "ops_gpu.recommender.day_ranges"],
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

        chain = ChainRanges.planned(blueprint).beside(blueprint, live_hash(blueprint, triton, mlflow))
        if reason := chain.unjudged(blueprint):
            leave_out(context, blueprint, "retrieval_model", reason)
            return
        with user_errors(ValueError):
            workflow, continued = next_workflows(blueprint)
            data = training_data(blueprint, workflow)
            fitted = fit_retrieval_until(data, fit_config(blueprint), chain.ranges.fit_end, context.log.info)
        folder = blueprint.home.retrieval_model(blueprint.name)
        with atomic_directory(folder) as aside:
            fitted.early.save(aside / "early")
            fitted.model.save(aside / "model")
            workflow.save(aside / "workflow")  # its codes are those of these models
            continued.save(aside / CONTINUED)  # what a release of these models has, whatever is fitted after them
            replace(chain, early_end=fitted.early_end).save(aside)
        losses = list(fitted.model.losses)
        final = {"loss": losses[-1]} if losses else {}
        run = mlflow.track(blueprint.name, "retrieval_model", asdict(settings.retrieval), final, {"loss": losses})
        metadata: dict[str, Any] = {
            **chain.metadata(),
            "loss": line_chart({"loss": losses}, "epoch", "loss", 1, "Loss of the two towers"),
            **{f"final_{name}": rounded(value) for name, value in final.items()},
            "items_trained": int(fitted.model.trained.sum()),
            "mlflow_run": run,
        }
        version = dg.DataVersion(content_hash([folder]))
        yield dg.MaterializeResult(metadata=metadata, data_version=version)

    return fit


def _moments(blueprint: Blueprint) -> dict[str, Any]:
    """Settings of the ranker that decide up to where the early towers are trained."""
    ranking = blueprint.settings.ranking
    return {name: getattr(ranking, name) for name in ("moments", "step_days", "horizon_days")}
