"""What all recommenders share: resources, the executor, and the sensor behind automation conditions."""

from __future__ import annotations

import dagster as dg

from recsys_assets.automation.executor import one_run_at_a_time
from resources.configured import configured
from resources.home import Home


def shared_definitions(home: Home) -> dg.Definitions:
    """Resources of this home, and how runs are executed and automated."""
    sensor = dg.AutomationConditionSensorDefinition(
        "automation",
        target=dg.AssetSelection.all(),
        default_status=dg.DefaultSensorStatus.RUNNING,
        minimum_interval_seconds=10,
        description="Evaluates the automation conditions of all assets; each asset shows its own.",
    )
    return dg.Definitions(
        resources=configured(home).by_key(),
        sensors=[sensor],
        executor=one_run_at_a_time,
    )
