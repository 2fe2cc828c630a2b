"""Assets `workflow` and `schema`: how raw columns become model inputs."""

# No `from __future__ import annotations`: Dagster reads the annotations of what it decorates.

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import dagster as dg

from recsys_assets.automation.conditions import RebuildCondition
from recsys_assets.automation.refit import RefitConfig
from recsys_assets.blueprint.blueprint import Blueprint
from recsys_assets.blueprint.json_files import remove, write_json
from recsys_assets.blueprint.user_errors import user_errors
from recsys_assets.challenger.fitted.day_ranges import DayRanges
from recsys_assets.challenger.fitted.live_release import live_hash
from recsys_assets.challenger.fitted.models import (
    fit_file,
    fit_id,
    fitted_workflow,
    last_refit,
    schema_version,
    workflow_version,
)
from recsys_assets.challenger.training.workflow_fit import continue_over, day_statistics, fit_before, unfitted_workflow
from recsys_assets.metadata.schema_table import schema_metadata
from recsys_assets.metadata.tables import table
from recsys_assets.settings.filter_columns import require_filters_fit
from recsys_assets.tables.days.day_statistics import CODE, statistics_settings
from recsys_assets.tables.days.training_days import TrainingDays
from resources.compute import ComputeResource
from resources.mlflow import MlflowResource
from resources.triton import TritonResource

if TYPE_CHECKING:
    from ops_gpu.engines.engine import Engine
    from ops_gpu.workflow.workflow import Workflow

WORKFLOW = """The graph of feature operators, fitted twice: on the days before those that the next challenger is judged
by, for the challenger; and continued over all days, for the release. What counts, labels and numbers teach the
challenger's is never from the judged days; that an id exists may be known.

Vocabularies give every user, item and category a code. A new day appends its new values at the end; codes
that were given out never move until a full refit (run configuration `refit: true`, the weekly schedule),
which orders them by the frequencies of the days before the judged ones.

Which days these are is decided here, for the whole chain: those that neither the challenger nor the live release has
learned from, with at least `evaluation.min_users` users who chose anything new.
"""
SCHEMA = """The contract between features, models, feature store and serving: type, tags, cardinality,
embedding width and list length of every column that the workflow gives. Models and requests are built and
checked from it.
"""


def workflow(blueprint: Blueprint, condition: RebuildCondition) -> dg.AssetsDefinition:
    """Defines the asset `workflow`."""
    evaluation = blueprint.settings.evaluation

    @blueprint.asset(
        "workflow",
        "features",
        WORKFLOW,
        kinds=["polars", "json"],
        after=["interactions", "item_state", "statistics", "users", "items"],
        code=[
            *CODE,
            "ops_gpu.features.entity_workflow",
            "ops_gpu.recommender.day_ranges",
            "ops_gpu.evaluation.judged_users",
        ],
        settings={**statistics_settings(blueprint), "evaluation": evaluation, "repeats": blueprint.settings.repeats},
        condition=condition,
    )
    def fit(
        context: dg.AssetExecutionContext,
        config: RefitConfig,
        compute: ComputeResource,
        mlflow: MlflowResource,
        triton: TritonResource,
    ) -> dg.MaterializeResult[Any]:
        live = live_hash(blueprint, triton, mlflow)
        with user_errors(ValueError), compute.connect() as engine:
            # Told before models are trained for hours; what they are is known only now.
            require_filters_fit(
                blueprint.settings.serving.filters,
                blueprint.home.users(blueprint.name),
                blueprint.home.items(blueprint.name),
            )
            day_ranges = DayRanges.plan(blueprint, live, config.uncompared)
            challenger, fitted, anew, remade = _fit(blueprint, day_ranges, config.refit, engine)
        _note_remade(context, blueprint, remade)
        metadata = {
            **day_ranges.metadata(),
            "fitted": "anew" if anew else "appended to",
            "statistics_made_anew": len(remade),
            "vocabularies": dg.MetadataValue.md(_vocabularies(fitted)),
        }
        version = dg.DataVersion(workflow_version(fitted, challenger))
        return dg.MaterializeResult(metadata=metadata, data_version=version)

    return fit


def schema(blueprint: Blueprint, condition: RebuildCondition) -> dg.AssetsDefinition:
    """Defines the asset `schema`."""

    @blueprint.asset(
        "schema",
        "features",
        SCHEMA,
        kinds=["json"],
        after=["workflow"],
        code=["ops_gpu.schema.schema"],
        condition=condition,
    )
    def describe() -> dg.MaterializeResult[Any]:
        found = fitted_workflow(blueprint).output_schema
        path = blueprint.home.schema(blueprint.name)
        found.save(path)
        version = dg.DataVersion(schema_version(found))
        return dg.MaterializeResult(metadata=schema_metadata(found), data_version=version)

    return describe


def _fit(
    blueprint: Blueprint, day_ranges: DayRanges, refit: bool, engine: "Engine"
) -> "tuple[str, Workflow, bool, list[date]]":
    """Fits and writes both workflows.

    Returns:
        Hash of the challenger's, the release's, whether codes were given out anew, and the days whose statistics were.
    """
    from ops_gpu.features.trainable import require_trainable

    statistics = day_statistics(blueprint, engine)
    days = TrainingDays.of(statistics)
    fresh = unfitted_workflow(blueprint, statistics.users, statistics.items)
    kept = None if refit else _kept(blueprint, fresh)
    challenger = fit_before(days, kept or fresh, day_ranges.ranges.fit_end)
    fitted = continue_over(days, challenger.copy())  # the challenger's learns no more
    require_trainable(fitted, statistics.users.columns, statistics.items.columns)
    fit, anew = challenger.hash(), kept is None
    note = {
        "fit": fitted.hash() if anew else fit_id(blueprint),
        "refit": datetime.now(UTC).isoformat() if anew else last_refit(blueprint),
        "challenger": fit,
        "anew": anew,
    }
    _write(blueprint, day_ranges, challenger, fitted, note)
    return fit, fitted, anew, statistics.remade


def _write(
    blueprint: Blueprint, day_ranges: DayRanges, challenger: "Workflow", fitted: "Workflow", note: dict[str, Any]
) -> None:
    """Writes all that one fit gives, once nothing can refuse it any more, and last the note that it belongs together.

    Cut off in between, there is no note: no model is fitted with halves of two fits (`next_workflows`), and the next
    run gives out codes anew (`_kept`), as it cannot know from which fit those are that it finds, and writes it all.
    """
    remove(fit_file(blueprint))
    day_ranges.save_planned(blueprint)
    challenger.save(blueprint.home.challenger_workflow(blueprint.name))
    fitted.save(blueprint.home.workflow(blueprint.name))
    write_json(note, fit_file(blueprint))


def _kept(blueprint: Blueprint, fresh: "Workflow") -> "Workflow | None":
    """The workflow that is there, if it was written to its end, is of the same graph and can be continued."""
    if not blueprint.home.workflow(blueprint.name).exists() or not fit_file(blueprint).exists():
        return None
    kept = fitted_workflow(blueprint)
    return kept if kept.node.to_dict() == fresh.node.to_dict() else None


def _note_remade(context: dg.AssetExecutionContext, blueprint: Blueprint, days: Iterable[date]) -> None:
    """Tells Dagster of days whose statistics were made anew here, as they were of another graph or code."""
    for day in days:
        metadata = {"made_anew": "read by workflow, and of another graph, code or type of column"}
        context.log_event(dg.AssetMaterialization(blueprint.key("statistics"), partition=str(day), metadata=metadata))


def _vocabularies(fitted: "Workflow") -> str:
    """Size and most frequent values of each vocabulary; of codes that stand for no single value, the size."""
    rows = []
    for column in fitted.output_schema:
        if column.cardinality:
            known = fitted.has_vocabulary(column.name)
            frequent = fitted.vocabulary(column.name).head(3).to_list() if known else "-"
            rows.append([column.name, column.cardinality, frequent])
    return table(["column", "codes", "most frequent first"], rows)
