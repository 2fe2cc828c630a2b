"""Asset `release`: everything that answers a request, in one immutable directory."""

# No `from __future__ import annotations`: Dagster reads the annotations of what it decorates.

import tempfile
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg

from recsys_assets.assets.evaluation import judged_report
from recsys_assets.automation import Condition
from recsys_assets.blueprint import Blueprint
from recsys_assets.build_release import continued_parts, lineage
from recsys_assets.canonical import items_frame, users_frame
from recsys_assets.chain_ranges import ChainRanges
from recsys_assets.code_version import code_version
from recsys_assets.files import read_json, write_json
from recsys_assets.id_types import id_types
from recsys_assets.metadata.release import release_metadata
from recsys_assets.nobody import nobody
from recsys_assets.plainly import plainly
from resources.home import Home
from resources.mlflow import MlflowResource

if TYPE_CHECKING:
    from serving.release import Release

CODE = ["serving.parts", "serving.release", "ops_gpu.fitting"]
DESCRIPTION = """One directory, written once: workflow, towers, index, item features, item state, ranker, and the graph
that connects them. Its hash is its name; its manifest says from which data, code and days it came.

Models and workflow of the evaluation are continued, with the same configuration, over the days that they were judged
by, so that what goes live knows the newest day. Registered in MLflow as `challenger`.
"""


def release(plan: Blueprint, condition: Condition) -> dg.AssetsDefinition:
    """Defines the asset."""

    @plan.asset(
        "release",
        "release",
        DESCRIPTION,
        kinds=["mlflow", "keras", "faiss"],
        after=["evaluation", "workflow", "feature_store", "schema"],
        code=CODE,
        settings={"serving": plan.settings.serving},
        condition=condition,
    )
    def build(context: dg.AssetExecutionContext, mlflow: MlflowResource) -> dg.MaterializeResult[Any]:
        from serving.list_rules import ListRules
        from serving.operators.query_feast import QueryFeast
        from serving.release import Release
        from serving.release_pool import one_writer

        serving, chain = plan.settings.serving, ChainRanges.load(plan)
        with plainly(ValueError):
            report = judged_report(plan)
            parts, raw_users = continued_parts(plan, chain, context.log.info)
        types = id_dtypes(plan)
        feast = QueryFeast(f"../../../feast/{plan.name}", raw_users.to_dict(), types["user"], types["item"])
        metadata = lineage(plan, chain, parts.workflow, report, context.instance, code_version(CODE))
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place, "parts")
            rules = ListRules(serving.filters, serving.ordering, items_frame(plan, for_filters=True))
            with plainly(ValueError):
                user, memory = ["user_id"] >> feast, serving.item_memory_mb
                parts.write(folder, user, raw_users, types, serving.temperature, rules, memory)
            tags = {name: str(value) for name, value in chain.metadata().items()}
            with one_writer(plan.home.releases / plan.name):  # nobody removes it before it is known as the newest
                made = Release.write(folder, plan.home.releases, plan.name, metadata)
                version = mlflow.register(plan.name, made.hash, made.path, report.get("mlflow_run"), tags)
                write_json({"hash": made.hash}, candidate_file(plan.home, plan.name))
        return dg.MaterializeResult(
            metadata={**chain.metadata(), **release_metadata(made), "mlflow_version": version},
            data_version=dg.DataVersion(made.hash[:16]),
        )

    return build


def candidate_file(home: Home, name: str) -> Path:
    """Where the hash of the newest release of a recommender is kept, deployed or not."""
    return home.recommender(name) / "release.json"


def newest_hash(home: Home, name: str) -> str | None:
    """Hash of the newest release of a recommender; None before the first one."""
    kept = read_json(candidate_file(home, name))
    return None if kept is None else str(kept["hash"])


def newest_release(plan: Blueprint) -> "Release":
    """The newest release, opened and checked.

    Raises:
        FileNotFoundError: before the first one.
    """
    from serving.release import Release

    newest = newest_hash(plan.home, plan.name)
    if newest is None:
        raise FileNotFoundError(f"{plan.name!r} has no release yet; materialize {plan.name}/release first.")
    return Release.open(plan.home.release(plan.name, newest))


def id_dtypes(plan: Blueprint) -> dict[str, str]:
    """Types of raw ids as serving calls them."""
    types = id_types(plan)
    return {
        role: "int64" if kind == "integer" else "string" for role, kind in (("user", types.user), ("item", types.item))
    }


def some_users(plan: Blueprint, most: int = 6, without: Collection[Any] = ()) -> list[Any]:
    """Ids to try a release with: known ones, spread over the table, and one that nobody has.

    Args:
        plan: the recommender.
        most: known ones at most.
        without: ids to pass over.
    """
    everyone = users_frame(plan)["user_id"].sort()
    ids = everyone.filter(~everyone.is_in(list(without)))
    known = ids.gather_every(max(1, len(ids) // most)).head(most).to_list()
    return [*known, nobody(everyone)]


def users_to_try(plan: Blueprint, most: int = 20) -> list[Any]:
    """Ids to warm up and prove a release with: `some_users`, and those who were answered last, if any were."""
    from serving.decisions import recent_users

    users = some_users(plan)
    recent = recent_users(plan.home.decisions(plan.name), most)
    same_type = [user for user in recent if type(user) is type(users[-1])]  # ids may have changed their type
    return list(dict.fromkeys([*users, *same_type]))
