"""Checks of models and releases: what must hold before anything goes live."""

# No `from __future__ import annotations`: Dagster reads the annotations of what it decorates.

from typing import Any

import dagster as dg

from recsys_assets.assets.evaluation import load_report
from recsys_assets.assets.release import newest_release, some_users
from recsys_assets.blueprint import Blueprint
from recsys_assets.canonical import as_day
from recsys_assets.chain_ranges import ChainRanges
from recsys_assets.champion import METRIC, Standing
from recsys_assets.fitted import fit_config, towers, training_data
from recsys_assets.metadata.tables import rounded, table
from recsys_assets.parity import differences
from resources.feature_store import FeatureStoreResource

POINT_IN_TIME = """Takes a moment inside the log, replaces all events after it by poison, and builds training rows and
candidates again: with the state as of that moment every row up to it must be identical. Fails when any feature looks
ahead, which would make models look better offline than they are."""
RECALL = """The index finds at least {least:.0%} of what exact search finds (`quality.min_index_recall`)."""
PARITY = """What the feature store answers online is what it holds offline, for a sample of users."""
POPULARITY = """The final lists are at least as good as the most popular items of all time, by NDCG@20 on days that no
model has seen; up to {tolerance:g} standard errors (`quality.tolerance`) count as noise."""
LIVE = """The candidate is not worse than the release that is live, by NDCG@20 on days that neither was
trained on, up to {tolerance:g} standard errors (`quality.tolerance`). Where the live release was continued
over all of these days, what
it had reached on them before counts."""
ANSWERS = """The release, opened as it will be served (features from the feature store, item state from its own
directory), gives the items and scores that the library computes from the same models and the raw tables, with the
same filters and boosts; compared in the order of score, before `serving.ordering`."""


def model_checks(plan: Blueprint) -> list[dg.AssetChecksDefinition]:
    """The checks of features, models and release."""
    return [
        _point_in_time(plan),
        _feature_parity(plan),
        _index_recall(plan),
        _better_than_popularity(plan),
        _not_worse_than_live(plan),
        _answers_like_its_parts(plan),
    ]


def _point_in_time(plan: Blueprint) -> dg.AssetChecksDefinition:
    key = plan.key("retrieval_model")

    @dg.asset_check(asset=key, name="point_in_time", description=POINT_IN_TIME, blocking=True)
    def check() -> dg.AssetCheckResult:
        from ops_gpu.events import DAY
        from ops_gpu.point_in_time import check_point_in_time

        ranges, config = ChainRanges.load(plan).ranges, fit_config(plan)
        back = min(int(config.ranking.horizon_days), (ranges.fit_end - ranges.start) // DAY // 2)
        moment = ranges.fit_end - back * DAY
        report = check_point_in_time(training_data(plan), towers(plan, "early"), config, moment)
        found = f"{report.rows:,} rows up to {as_day(moment)}, {report.poisoned:,} later events poisoned"
        changed = ", ".join(report.changed)
        return dg.AssetCheckResult(
            passed=not changed,
            description=f"{found}: {f'{changed} look ahead' if changed else 'nothing changed'}.",
            metadata={"rows": report.rows, "poisoned": report.poisoned, "changed": changed or "nothing"},
        )

    return check


def _feature_parity(plan: Blueprint) -> dg.AssetChecksDefinition:
    @dg.asset_check(asset=plan.key("feature_store"), name="online_parity", description=PARITY, blocking=True)
    def check(feature_store: FeatureStoreResource) -> dg.AssetCheckResult:
        wrong = feature_store.mismatches(plan.name)
        found = f"{wrong} users are answered otherwise" if wrong else "every user of the sample is the same"
        return dg.AssetCheckResult(passed=wrong == 0, description=f"{found}.", metadata={"mismatches": wrong})

    return check


def _index_recall(plan: Blueprint) -> dg.AssetChecksDefinition:
    least = plan.settings.quality.min_index_recall
    description = RECALL.format(least=least)

    @dg.asset_check(asset=plan.key("faiss_index"), name="recall", description=description, blocking=True)
    def check() -> dg.AssetCheckResult:
        from ops_gpu.index import ItemIndex

        index = ItemIndex.load(plan.home.faiss_index(plan.name))
        found = f"the {index.kind} index finds {index.recall:.1%} of what exact search finds"
        return dg.AssetCheckResult(
            passed=index.recall >= least,
            description=f"{found}, expected at least {least:.0%}.",
            metadata={"recall": rounded(index.recall), "kind": index.kind},
        )

    return check


def _better_than_popularity(plan: Blueprint) -> dg.AssetChecksDefinition:
    tolerance = plan.settings.quality.tolerance
    name, description = "better_than_popularity", POPULARITY.format(tolerance=tolerance)

    @dg.asset_check(asset=plan.key("evaluation"), name=name, description=description, blocking=True)
    def check() -> dg.AssetCheckResult:
        report = load_report(plan)
        mine, other = report["final"], report["baselines"]["popularity"]
        error = float((mine[f"{METRIC}_se"] ** 2 + other[f"{METRIC}_se"] ** 2) ** 0.5)
        found = f"{METRIC} {mine[METRIC]:.4f}, popularity {other[METRIC]:.4f} (± {error:.4f})"
        return dg.AssetCheckResult(
            passed=bool(mine[METRIC] >= other[METRIC] - tolerance * error),
            description=f"{found}, over {mine['users']:,.0f} users.",
            metadata={
                "final": rounded(mine[METRIC]),
                "popularity": rounded(other[METRIC]),
                "standard_error": rounded(error),
            },
        )

    return check


def _not_worse_than_live(plan: Blueprint) -> dg.AssetChecksDefinition:
    tolerance = plan.settings.quality.tolerance
    name, description = "not_worse_than_live", LIVE.format(tolerance=tolerance)

    @dg.asset_check(asset=plan.key("evaluation"), name=name, description=description, blocking=True)
    def check() -> dg.AssetCheckResult:
        standing = Standing(**load_report(plan)["live"])
        return dg.AssetCheckResult(
            passed=standing.not_worse(tolerance),
            description=_beside(standing),
            metadata={
                "difference": rounded(standing.difference),
                "standard_error": rounded(standing.standard_error),
            },
        )

    return check


def _beside(standing: Standing) -> str:
    if standing.against == "nothing":
        return f"Not compared: {standing.because}."
    how = "on the same days" if standing.against == "live" else "on these days, before it was continued"
    return (
        f"{METRIC} {standing.candidate:.4f}, release {str(standing.release)[:12]} {standing.champion:.4f} {how} "
        f"(difference {standing.difference:+.4f} ± {standing.standard_error:.4f}, {standing.users} users)."
    )


def _answers_like_its_parts(plan: Blueprint) -> dg.AssetChecksDefinition:
    key, name = plan.key("release"), "answers_like_its_parts"

    @dg.asset_check(asset=key, name=name, description=ANSWERS, blocking=True)
    def check() -> dg.AssetCheckResult:
        from feature_repo.pushed_events import pushed_users

        pushed = pushed_users(plan.home.feast(plan.name))
        users = [user for user in some_users(plan, 20) if user not in pushed]
        found = differences(plan, newest_release(plan), users)
        rows: list[list[Any]] = [[user, problem] for user, problem in found.items()]
        said = f"{len(users)} users are answered alike" if not rows else f"{len(rows)} users are not"
        return dg.AssetCheckResult(
            passed=not rows,
            description=f"{said}.",
            metadata={"differences": dg.MetadataValue.md(table(["user", "difference"], rows))},
        )

    return check
