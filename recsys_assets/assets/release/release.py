"""Asset `release`: everything that answers a request, in one immutable directory."""

# No `from __future__ import annotations`: Dagster reads the annotations of what it decorates.

import tempfile
from pathlib import Path
from typing import Any

import dagster as dg

from recsys_assets.assets.models.evaluation import judged_report
from recsys_assets.automation.conditions import RebuildCondition
from recsys_assets.blueprint.blueprint import Blueprint
from recsys_assets.blueprint.code_version import code_version
from recsys_assets.blueprint.json_files import write_json
from recsys_assets.blueprint.model_families import ranking_code, retrieval_code
from recsys_assets.blueprint.user_errors import user_errors
from recsys_assets.challenger.build_release import continued_parts, lineage
from recsys_assets.challenger.fitted.day_ranges import DayRanges
from recsys_assets.challenger.newest_release import candidate_file
from recsys_assets.challenger.training.training_data import TRAINING_DATA
from recsys_assets.metadata.release import release_metadata
from recsys_assets.tables.id_types import id_dtypes
from recsys_assets.tables.tables import items_frame
from resources.mlflow import MlflowResource

CODE = ["serving.ensemble.release_parts", "serving.release.release", "ops_gpu.recommender.two_stage"]
DESCRIPTION = """One directory, written once: workflow, retrieval models, indexes, item features, item state, ranker,
and the graph that connects them. Its hash is its name; its manifest says from which data, code and days it came.

Models and workflow of the evaluation are continued, with the same configuration, over the days that they were judged
by, so that what goes live knows the newest day. Registered in MLflow as `challenger`.
"""


def release(blueprint: Blueprint, condition: RebuildCondition) -> dg.AssetsDefinition:
    """Defines the asset."""
    code = [*CODE, ranking_code(blueprint.settings), *retrieval_code(blueprint.settings)]

    @blueprint.asset(
        "release",
        "release",
        DESCRIPTION,
        kinds=["mlflow", "keras", "faiss"],
        after=[
            "evaluation",
            "interactions",
            "retrieval_model",
            "training_lists",
            "ranking_model",
            *TRAINING_DATA,
            "feature_store",
        ],
        code=code,
        settings={"serving": blueprint.settings.serving},
        condition=condition,
    )
    def build(context: dg.AssetExecutionContext, mlflow: MlflowResource) -> dg.MaterializeResult[Any]:
        from serving.operators.features.query_feast import QueryFeast
        from serving.release.release import Release
        from serving.release.release_pool import one_writer
        from serving.rules.list_rules import ListRules

        serving, day_ranges = blueprint.settings.serving, DayRanges.load(blueprint)
        with user_errors(ValueError):
            report = judged_report(blueprint)
            parts, raw_users = continued_parts(blueprint, day_ranges, context.log.info)
        types = id_dtypes(blueprint)
        feast = QueryFeast(f"../../../feast/{blueprint.name}", raw_users.to_dict(), types["user"], types["item"])
        metadata = lineage(blueprint, day_ranges, parts.workflow, report, context.instance, code_version(code))
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place, "parts")
            rules = ListRules(serving.filters, serving.ordering, items_frame(blueprint, for_filters=True))
            with user_errors(ValueError):
                user, memory = ["user_id"] >> feast, serving.item_memory_mb
                parts.write(folder, user, raw_users, types, rules, memory)
            tags = {name: str(value) for name, value in day_ranges.metadata().items()}
            with one_writer(
                blueprint.home.releases / blueprint.name
            ):  # nobody removes it before it is known as the newest
                made = Release.write(folder, blueprint.home.releases, blueprint.name, metadata)
                version = mlflow.register(blueprint.name, made.hash, made.path, report.get("mlflow_run"), tags)
                write_json({"hash": made.hash}, candidate_file(blueprint.home, blueprint.name))
        return dg.MaterializeResult(
            metadata={**day_ranges.metadata(), **release_metadata(made), "mlflow_version": version},
            data_version=dg.DataVersion(made.hash[:16]),
        )

    return build
