"""Asset `evaluation`: how good the challenger's lists are, beside baselines and what is live."""

# No `from __future__ import annotations`: Dagster reads the annotations of what it decorates.

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import dagster as dg

from recsys_assets.assets.models.faiss_index import indexed
from recsys_assets.automation.conditions import RebuildCondition
from recsys_assets.blueprint.asset_names import INDEXED
from recsys_assets.blueprint.blueprint import Blueprint
from recsys_assets.blueprint.json_files import read_json, write_json
from recsys_assets.blueprint.left_out import leave_out
from recsys_assets.blueprint.model_families import dense_models, ranking_code, retrieval_code
from recsys_assets.blueprint.user_errors import user_errors
from recsys_assets.challenger.comparison import compare_with_live
from recsys_assets.challenger.fitted.day_ranges import DayRanges
from recsys_assets.challenger.fitted.models import judged_models
from recsys_assets.challenger.training.training_data import TRAINING_CODE, TRAINING_DATA, challenger
from recsys_assets.metadata.evaluation import by_method, evaluation_metadata
from recsys_assets.metadata.lists import list_pictures
from recsys_assets.metadata.samples import sample_lists
from recsys_assets.tables.data_version import hash_files
from resources.mlflow import MlflowResource

if TYPE_CHECKING:
    from ops_gpu.evaluation.evaluation_protocol import EvaluationProtocol

DESCRIPTION = """The final lists of all four stages, one a user, made at the cut and compared with what users chose
on the days after it, from which neither models nor features have learned. Full ranking over all items; users with a
history; new users are a row of their own. Beside them popularity (all time, 28 days, 7 days, decayed), item-kNN, the
candidates in retrieval order, and the live release on the same users and days.

Lists are compared in the exact order of score, before `serving.filters` and `serving.ordering`: what is in stock or
allowed today says nothing of the evaluated days, and diversity or boosts give up some of these metrics on purpose.
What is compared is the models; that a release applies its filters and ordering is checked on the release.
"""


def evaluation(blueprint: Blueprint, condition: RebuildCondition) -> dg.AssetsDefinition:
    """Defines the asset."""

    @blueprint.asset(
        "evaluation",
        "models",
        DESCRIPTION,
        kinds=["polars", "mlflow"],
        after=[
            *(INDEXED if dense_models(blueprint.settings) else ()),
            "retrieval_model",
            "ranking_model",
            *TRAINING_DATA,
        ],
        code=[
            "ops_gpu.evaluation.evaluate",
            "ops_gpu.evaluation.comparison",
            *TRAINING_CODE,
            ranking_code(blueprint.settings),
            *retrieval_code(blueprint.settings),
        ],
        condition=condition,
        optional=True,
    )
    def measure(context: dg.AssetExecutionContext, mlflow: MlflowResource) -> Iterator[dg.MaterializeResult[Any]]:
        from ops_gpu.evaluation.evaluate import evaluate
        from ops_gpu.recommender.candidate_sources import sources_at
        from ops_gpu.recommender.ranking_examples import choices_after

        judged, day_ranges, mine = judged_models(blueprint), DayRanges.load(blueprint), challenger(blueprint)
        protocol, least = protocol_of(blueprint, day_ranges), blueprint.settings.evaluation.min_users
        judges = len(choices_after(mine.data.events, protocol.start, protocol.end, protocol.repeats)[0])
        if judges < least:
            reason = f"{judges} users chose anything new, expected at least {least} to judge by"
            return leave_out(context, blueprint, "evaluation", f"Nothing is released: {reason} (evaluation.min_users).")
        with user_errors(ValueError):
            sources = sources_at(
                mine.data, mine.retrievers, protocol.start, mine.config.candidates, indexed=indexed(blueprint)
            )
            found = evaluate(mine.data, sources, mine.ranking, protocol)
        report = found.to_dict() | day_ranges.metadata()
        live = compare_with_live(blueprint, day_ranges, mine, protocol, report["final"], context.log.warning)
        if live.against == "nobody":
            return leave_out(context, blueprint, "evaluation", f"Nothing is released: {live.because}.")
        run = mlflow.track(blueprint.name, "evaluation", day_ranges.metadata(), flat_metrics(report))
        report |= {"live": live.to_dict(), "mlflow_run": run, "judged": judged}
        path = blueprint.home.evaluation_report(blueprint.name)
        write_json(report, path)
        samples = sample_lists(blueprint, mine, found, protocol.start)
        yield dg.MaterializeResult(
            metadata={
                **day_ranges.metadata(),
                **evaluation_metadata(report),
                **list_pictures(mine, sources, found, protocol),
                "samples": dg.MetadataValue.md(samples),
                "mlflow_run": run,
            },
            data_version=dg.DataVersion(hash_files([path])),
        )

    return measure


def protocol_of(blueprint: Blueprint, day_ranges: DayRanges) -> "EvaluationProtocol":
    """Which days are evaluated, and by which rules."""
    from ops_gpu.evaluation.evaluation_protocol import EvaluationProtocol

    half_life = blueprint.settings.candidates.snapshot.popular_half_life_days
    return EvaluationProtocol(
        day_ranges.ranges.fit_end, day_ranges.ranges.judged_end, blueprint.settings.repeats, half_life
    )


def load_report(blueprint: Blueprint) -> Any:
    """The last report.

    Raises:
        FileNotFoundError: before the first evaluation.
    """
    path = blueprint.home.evaluation_report(blueprint.name)
    found = read_json(path)
    if found is None:
        raise FileNotFoundError(f"{path} does not exist; materialize {blueprint.name}/evaluation first.")
    return found


def judged_report(blueprint: Blueprint) -> Any:
    """The last report, which must be of the models that there are.

    Raises:
        FileNotFoundError: before the first evaluation.
        ValueError: when other models were judged.
    """
    report = load_report(blueprint)
    judged = report.get("judged")
    if not (judged == judged_models(blueprint) if judged is not None else _is_newest(blueprint)):
        raise ValueError(
            f"{blueprint.name}/evaluation has judged other models than there are now, expected a report of those that "
            f"are released; materialize {blueprint.name}/evaluation."
        )
    return report


def _is_newest(blueprint: Blueprint) -> bool:
    """Whether no model was written since the last report: one of a version of before does not say which it judged."""
    folders = blueprint.home.retrieval_model(blueprint.name), blueprint.home.ranking_model(blueprint.name)
    written = [path.stat().st_mtime for folder in folders for path in folder.rglob("*")]
    return max(written) <= blueprint.home.evaluation_report(blueprint.name).stat().st_mtime


def flat_metrics(report: Mapping[str, Any]) -> dict[str, float]:
    """All metrics of all methods by one name each, for MLflow."""
    return {
        f"{method}/{metric}": value
        for method, metrics in by_method(report).items()
        for metric, value in metrics.items()
        if not metric.endswith("_se")
    }
