from __future__ import annotations

from datetime import date
from pathlib import Path

import dagster as dg
import polars as pl
import pytest

from recsys_assets.automation.log_sensor import log_sensor
from recsys_assets.component.locations import blueprints, load
from recsys_assets.component.shared_definitions import shared_definitions
from resources.home import Home
from tests.conftest import write_day
from tests.recsys_assets.runs import failure, materialize

DAYS = ("2024-01-01", "2024-01-03")


@pytest.fixture
def instance() -> dg.DagsterInstance:
    return dg.DagsterInstance.ephemeral()


def told(shop: Path, home: Home, instance: dg.DagsterInstance) -> dict[str, str]:
    """What the sensor tells of the raw files, by asset; kept, as the daemon keeps it."""
    sensor = log_sensor(blueprints(shop, home)[0])
    defs = dg.Definitions.merge(load(shop), shared_definitions(home))
    data = sensor.evaluate_tick(dg.build_sensor_context(instance, repository_def=defs.get_repository_def()))
    found = {}
    for event in data.asset_events:
        assert isinstance(event, dg.AssetObservation)
        instance.report_runless_asset_event(event)
        found[event.asset_key.path[-1]] = event.tags["dagster/data_version"]
    return found


def test_files_are_assets_above_what_is_read_of_them(shop: Path, home: Home) -> None:
    defs = dg.Definitions.merge(load(shop), shared_definitions(home))
    graph = defs.resolve_asset_graph()
    raw = {key.path[-1] for key in graph.get_all_asset_keys() if graph.get(key).is_external}
    assert raw == {"raw_interactions", "raw_items"}  # its users follow from the log
    for asset, parents in {"interactions": {"raw_interactions"}, "items": {"raw_items", "interactions"}}.items():
        assert {key.path[-1] for key in graph.get(dg.AssetKey(["shop", asset])).parent_keys} == parents
    assert "raw_interactions" not in {key.path[-1] for key in graph.materializable_asset_keys}


def test_a_change_of_content_is_told_once(shop: Path, home: Home, instance: dg.DagsterInstance) -> None:
    first = told(shop, home, instance)
    assert set(first) == {"raw_interactions", "raw_items"}
    assert told(shop, home, instance) == {}
    write_day(shop, date(2024, 1, 4))
    second = told(shop, home, instance)
    assert set(second) == {"raw_interactions"} and second["raw_interactions"] != first["raw_interactions"]
    items = pl.read_csv(shop / "items.csv")
    items.write_csv(shop / "items.csv")  # written again, and the same
    assert told(shop, home, instance) == {}
    items.head(9).write_csv(shop / "items.csv")
    assert set(told(shop, home, instance)) == {"raw_items"}
    items.write_csv(shop / "items.csv")
    assert told(shop, home, instance) == {"raw_items": first["raw_items"]}


def test_runs_tell_what_they_read(shop: Path, home: Home, instance: dg.DagsterInstance) -> None:
    result = materialize(shop, ["interactions", "users", "items"], *DAYS, instance=instance)
    assert result.success, failure(result)
    assert told(shop, home, instance) == {}  # the sensor has nothing to add
    [record] = instance.fetch_observations(dg.AssetKey(["shop", "raw_interactions"]), limit=5).records
    observation = record.asset_observation
    assert observation is not None
    assert observation.metadata["files"].value == 3 and observation.metadata["rows"].value == 60
    assert observation.metadata["last_day"].value == "2024-01-03"


def test_what_is_read_from_one_source_needs_no_other(shop: Path, home: Home) -> None:
    """An export of items may be away for a moment while a day is read."""
    assert materialize(shop, ["interactions", "users", "items"], *DAYS).success
    (shop / "items.csv").rename(shop / "away.csv")
    result = materialize(shop, ["interactions", "users"], *DAYS)
    assert result.success, failure(result)
    assert "items.csv" in failure(materialize(shop, ["items"]))
