"""The challenger against the release that is live."""

# No `from __future__ import annotations`: Dagster reads the annotations of what it decorates.

import dagster as dg

from recsys_assets.assets.models.evaluation import load_report
from recsys_assets.blueprint.blueprint import Blueprint
from recsys_assets.challenger.comparison import METRIC, ComparisonResult
from recsys_assets.metadata.tables import rounded

LIVE = """The challenger is not worse than the release that is live, by NDCG@20 on days that neither was trained on, up
to {tolerance:g} standard errors (`quality.tolerance`). Where the live release was continued over all of these days,
what it had reached on them before counts. Passes where there is none to compare with: nothing is live, or what is
can no longer be opened by this version. One that opens, and cannot be compared on the data as they are now, does not
pass: nothing is released until a person says so (`recsys materialize NAME --uncompared`)."""


def not_worse_than_live(blueprint: Blueprint) -> dg.AssetChecksDefinition:
    """Defines the check against what is live."""
    tolerance = blueprint.settings.quality.tolerance
    name, description = "not_worse_than_live", LIVE.format(tolerance=tolerance)

    @dg.asset_check(asset=blueprint.key("evaluation"), name=name, description=description, blocking=True)
    def check() -> dg.AssetCheckResult:
        result = ComparisonResult.of(load_report(blueprint)["live"])
        return dg.AssetCheckResult(
            passed=result.not_worse(tolerance),
            description=_beside(result),
            metadata={
                "difference": rounded(result.difference),
                "standard_error": rounded(result.standard_error),
            },
        )

    return check


def _beside(result: ComparisonResult) -> str:
    if result.against in ("nothing", "nobody"):
        return f"Not compared: {result.because}."
    how = "on the same days" if result.against == "live" else "on these days, before it was continued"
    return (
        f"{METRIC} {result.challenger:.4f}, release {str(result.release)[:12]} {result.champion:.4f} {how} "
        f"(difference {result.difference:+.4f} ± {result.standard_error:.4f}, {result.users} users)."
    )
