"""Check of the feature store: online is what stands offline."""

# No `from __future__ import annotations`: Dagster reads the annotations of what it decorates.

import dagster as dg

from recsys_assets.blueprint.blueprint import Blueprint
from resources.feature_store import FeatureStoreResource

DESCRIPTION = """What the feature store answers online is what it holds offline, for a sample of users."""


def online_parity(blueprint: Blueprint) -> dg.AssetChecksDefinition:
    """Defines the check."""

    @dg.asset_check(asset=blueprint.key("feature_store"), name="online_parity", description=DESCRIPTION, blocking=True)
    def check(feature_store: FeatureStoreResource) -> dg.AssetCheckResult:
        try:
            wrong = feature_store.mismatches(blueprint.name)
        except LookupError as error:
            return dg.AssetCheckResult(passed=False, description=f"nothing is known: {error}.")
        found = f"{wrong} users are answered otherwise" if wrong else "every user of the sample is the same"
        return dg.AssetCheckResult(passed=wrong == 0, description=f"{found}.", metadata={"mismatches": wrong})

    return check
