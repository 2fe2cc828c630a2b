from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest

from recsys_assets.blueprint.asset_names import CHAIN
from recsys_assets.blueprint.left_out import NOTE
from resources.home import Home
from tests.recsys_assets.runs import materialize

DAYS = ("2024-01-01", "2024-01-03")


@pytest.fixture
def quiet(shop: Path, home: Home) -> dg.ExecuteInProcessResult:
    """A run of everything but the feature store, of a shop with fewer users than can judge."""
    return materialize(shop, [asset for asset in CHAIN if asset != "feature_store"], *DAYS)


def test_with_nobody_to_judge_the_run_ends_well_and_nothing_is_released(
    quiet: dg.ExecuteInProcessResult, home: Home
) -> None:
    assert quiet.success
    made = {event.asset_key.path[-1] for event in quiet.get_asset_materialization_events() if event.asset_key}
    assert made == set(CHAIN[: CHAIN.index("retrieval_model")]) - {"feature_store"}
    assert not home.retrieval_model("shop").exists() and not home.releases.exists()
    checked = {evaluation.asset_key.path[-1] for evaluation in quiet.get_asset_check_evaluations()}
    assert checked == {"interactions", "users", "items"}  # no gate of a model has passed


def test_the_reason_stands_on_the_model_and_on_the_release(quiet: dg.ExecuteInProcessResult) -> None:
    seen = [event for event in quiet.get_asset_observation_events() if event.asset_key]
    notes = {event.asset_key.path[-1]: said(event) for event in seen if not event.asset_key.path[-1].startswith("raw_")}
    assert set(notes) == {"retrieval_model", "release"}
    (reason,) = set(notes.values())
    assert "users chose anything new on days that can be judged, expected at least 10" in reason


def said(event: dg.DagsterEvent) -> str:
    return str(event.asset_observation_data.asset_observation.metadata[NOTE].value)
