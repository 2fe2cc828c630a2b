"""The challenger against the most popular items."""

# No `from __future__ import annotations`: Dagster reads the annotations of what it decorates.

import dagster as dg

from recsys_assets.assets.models.evaluation import load_report
from recsys_assets.blueprint.blueprint import Blueprint
from recsys_assets.challenger.comparison import METRIC
from recsys_assets.metadata.tables import rounded

POPULARITY = """The final lists are at least as good as the most popular items of all time, by NDCG@20 on days that no
model has seen; up to {tolerance:g} standard errors (`quality.tolerance`) count as noise."""


def better_than_popularity(blueprint: Blueprint) -> dg.AssetChecksDefinition:
    """Defines the check against the simplest list there is."""
    tolerance = blueprint.settings.quality.tolerance
    name, description = "better_than_popularity", POPULARITY.format(tolerance=tolerance)

    @dg.asset_check(asset=blueprint.key("evaluation"), name=name, description=description, blocking=True)
    def check() -> dg.AssetCheckResult:
        report = load_report(blueprint)
        mine, other = report["final"], report["baselines"]["popularity"]
        error = float((mine[f"{METRIC}_se"] ** 2 + other[f"{METRIC}_se"] ** 2) ** 0.5)
        found = f"{METRIC} {mine[METRIC]:.4f}, popularity {other[METRIC]:.4f} (± {error:.4f})"
        return dg.AssetCheckResult(
            passed=bool(mine["users"] > 0 and mine[METRIC] >= other[METRIC] - tolerance * error),
            description=f"{found}, over {mine['users']:,.0f} users.",
            metadata={
                "final": rounded(mine[METRIC]),
                "popularity": rounded(other[METRIC]),
                "standard_error": rounded(error),
            },
        )

    return check
