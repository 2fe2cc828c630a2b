"""Asset `deployment`: the newest release answers under the recommender's name."""

# No `from __future__ import annotations`: Dagster reads the annotations of what it decorates.

from typing import Any

import dagster as dg

from recsys_assets.automation.conditions import RebuildCondition
from recsys_assets.blueprint.blueprint import Blueprint
from recsys_assets.blueprint.user_errors import user_errors
from recsys_assets.challenger.newest_release import newest_release
from recsys_assets.challenger.retention import retain
from recsys_assets.challenger.users_to_try import some_users, users_to_try
from recsys_assets.metadata.live import answers
from recsys_assets.metadata.offered import said
from recsys_assets.metadata.retained import removed
from resources.mlflow import MlflowResource
from resources.triton import TritonResource

DESCRIPTION = """The release as a Triton model of its own, loaded beside what is live, warmed up and asked over gRPC
for users of all kinds and for those who were answered last; only when it answers like its parts does the name that
applications call point at it. What was live stays loaded for the way back. Becomes `champion` in MLflow.

What a person has decided stands. While another release is being tried beside the live one, the newest waits
(`rollout.on_new_release: wait`) or ends the rollout (`end`). A release that was rolled back, or whose rollout was
ended, does not come back by itself. The outcome is told here; `recsys deploy` makes any release live.

Releases beyond the newest (`releases.keep`) are removed afterwards, but for those that answer, wait, can be gone back
to, or are named by MLflow's champion.
"""


def deployment(blueprint: Blueprint, condition: RebuildCondition) -> dg.AssetsDefinition:
    """Defines the asset."""

    @blueprint.asset(
        "deployment",
        "release",
        DESCRIPTION,
        kinds=["nvidia", "grpc"],
        after=["release", "users", "items"],  # who tries it, and what items are called
        code=["serving.triton.deployment.offer", "serving.triton.deployment.retention"],
        condition=condition,
    )
    def deploy(
        context: dg.AssetExecutionContext, mlflow: MlflowResource, triton: TritonResource
    ) -> dg.MaterializeResult[Any]:
        from serving.triton.control.control import TritonError
        from serving.triton.deployment.deployment import DeploymentError

        with user_errors(ValueError, FileNotFoundError):
            release, users = newest_release(blueprint), some_users(blueprint)
        with user_errors(DeploymentError, TritonError):
            offered = triton.offer(release, users_to_try(blueprint), blueprint.settings.rollout.on_new_release)
        outcome, live = said(blueprint.name, offered), offered.live
        if offered.outcome != "live" or offered.ended is not None:
            context.log.warning(outcome)
        metadata = {} if live.hash != release.hash else {"mlflow_version": mlflow.promote(blueprint.name, release.hash)}
        target = triton.target()
        return dg.MaterializeResult(
            metadata={
                "outcome": outcome,
                "release": live.hash[:12],
                "previous": (live.previous or "none")[:12],
                "grpc_url": target.grpc_url,
                **metadata,
                "removed": _cleaned_up(context, blueprint, mlflow, triton),
                "answers": dg.MetadataValue.md(answers(blueprint, target.grpc_url, users)),
            },
            data_version=dg.DataVersion(live.hash[:16]),
        )

    return deploy


def _cleaned_up(
    context: dg.AssetExecutionContext, blueprint: Blueprint, mlflow: MlflowResource, triton: TritonResource
) -> str:
    """Removes releases that are kept no longer, and says which; what is live is live, whatever comes of that."""
    try:
        found = retain(blueprint.name, blueprint.home, triton, mlflow, blueprint.settings.releases.keep)
    except Exception as error:
        context.log.warning(f"Old releases stay for the time being: {error}")
        return f"nothing: {error}"
    return removed(found)
