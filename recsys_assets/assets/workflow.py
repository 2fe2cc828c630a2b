"""Assets `workflow` and `schema`: how raw columns become model inputs."""

# No `from __future__ import annotations`: Dagster reads the annotations of what it decorates.

from typing import TYPE_CHECKING, Any

import dagster as dg

from recsys_assets.assets.statistics import left_out, one_level, unfitted_workflow
from recsys_assets.automation import Condition
from recsys_assets.blueprint import Blueprint
from recsys_assets.canonical import event_files, interactions_frame, items_frame, users_frame
from recsys_assets.feature_graph import graph_source
from recsys_assets.files import read_json, write_json
from recsys_assets.fitted import fitted_workflow
from recsys_assets.metadata.schema_table import schema_metadata
from recsys_assets.metadata.tables import table
from recsys_assets.plainly import plainly
from recsys_assets.refit import Fit
from resources.compute import ComputeResource

if TYPE_CHECKING:
    from ops_gpu.statistics import Statistics
    from ops_gpu.workflow import Workflow

WORKFLOW = """The graph of feature operators, fitted on all days.

Vocabularies give every user, item and category a code. A new day appends its new values at the end; codes
that were given out never move until a full refit (run configuration `refit: true`, the weekly schedule),
which orders them by today's frequencies.
"""
SCHEMA = """The contract between features, models, feature store and serving: type, tags, cardinality,
embedding width and list length of every column that the workflow gives. Models and requests are built and
checked from it.
"""


def workflow(plan: Blueprint, condition: Condition) -> dg.AssetsDefinition:
    """Defines the asset `workflow`."""

    @plan.asset(
        "workflow",
        "features",
        WORKFLOW,
        kinds=["polars", "json"],
        after=["statistics", "users", "items"],
        code=["ops_gpu.workflow", "ops_gpu.default_workflow", "ops_gpu.raw_schema"],
        settings={"workflow": plan.settings.workflow, "source": graph_source(plan), "only_filters": left_out(plan)},
        condition=condition,
    )
    def fit(config: Fit, compute: ComputeResource) -> dg.MaterializeResult[Any]:
        with plainly(ValueError):
            fresh = unfitted_workflow(plan)
            kept = None if config.refit else _kept(plan, fresh)
            fitted = _fit(plan, kept or fresh, compute)
        fitted.save(plan.home.workflow(plan.name))
        if kept is None:
            write_json({"fit": fitted.hash()}, fit_file(plan))
        return dg.MaterializeResult(
            metadata={
                "fitted": "anew" if kept is None else "appended to",
                "days": len(event_files(plan)),
                "vocabularies": dg.MetadataValue.md(_vocabularies(fitted)),
            },
            data_version=dg.DataVersion(fitted.hash()[:16]),
        )

    return fit


def schema(plan: Blueprint, condition: Condition) -> dg.AssetsDefinition:
    """Defines the asset `schema`."""

    @plan.asset(
        "schema",
        "features",
        SCHEMA,
        kinds=["json"],
        after=["workflow"],
        code=["ops_gpu.schema"],
        condition=condition,
    )
    def describe() -> dg.MaterializeResult[Any]:
        found = fitted_workflow(plan).output_schema
        path = plan.home.schema(plan.name)
        found.save(path)
        version = dg.DataVersion(path.read_text(encoding="utf-8"))
        return dg.MaterializeResult(metadata=schema_metadata(found), data_version=_short(version))

    return describe


def fit_file(plan: Blueprint) -> Any:
    """Where the hash of the last full fit is kept: codes of one fit do not move."""
    return plan.home.recommender(plan.name) / "workflow_fit.json"


def fit_id(plan: Blueprint) -> str:
    """Hash of the workflow as it was last fitted anew."""
    return str(read_json(fit_file(plan))["fit"])


def _short(version: dg.DataVersion) -> dg.DataVersion:
    from hashlib import sha256

    return dg.DataVersion(sha256(version.value.encode()).hexdigest()[:16])


def _kept(plan: Blueprint, fresh: "Workflow") -> "Workflow | None":
    """The workflow that is there, if it is of the same graph and can be continued."""
    if not plan.home.workflow(plan.name).exists() or not fit_file(plan).exists() or not one_level(fresh):
        return None
    kept = fitted_workflow(plan)
    return kept if kept.node.to_dict() == fresh.node.to_dict() else None


def _fit(plan: Blueprint, found: "Workflow", compute: ComputeResource) -> "Workflow":
    if one_level(found):
        return found.finalize(_statistics(plan, found))
    from ops_gpu.raw_schema import joined

    frame = joined(interactions_frame(plan), users_frame(plan), items_frame(plan))
    with compute.connect() as engine:
        return found.fit(frame, engine)


def _statistics(plan: Blueprint, found: "Workflow") -> "Statistics":
    """Those of all days, and of the catalogue: an item or user without an event has a code all the same."""
    from ops_gpu.statistics import Statistics

    days = [Statistics.load(plan.home.statistics(plan.name, path.stem)) for path in event_files(plan)]
    tables = [users_frame(plan), items_frame(plan)]
    catalogue = [found.for_inputs(frame.columns).partial(frame, weight=0) for frame in tables]
    return Statistics.merge([*days, *catalogue])


def _vocabularies(fitted: "Workflow") -> str:
    """Size and most frequent values of each vocabulary."""
    rows = [
        [c.name, c.cardinality, fitted.vocabulary(c.name).head(3).to_list()]
        for c in fitted.output_schema
        if c.cardinality
    ]
    return table(["column", "codes", "most frequent first"], rows)
