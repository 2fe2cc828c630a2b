from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
import pytest

from recsys_assets.blueprint.asset_names import SERVED
from recsys_assets.component.locations import blueprints
from resources.home import Home
from serving.decisions.served_day import ServedDay
from tests.recsys_assets.runs import failure, materialize
from tests.serving.decision_rows import BITS, day_of, frame_of, write_log

FIRST, LAST = date(2026, 1, 5), date(2026, 1, 7)


@pytest.fixture
def log(shop: Path, home: Home) -> Path:
    """Two days were served, with one between them on which nobody asked."""
    folder = home.decisions("shop")
    write_log(folder, FIRST, [*day_of(FIRST, 4), *day_of(FIRST, 2, "test-")])
    write_log(folder, LAST, frame_of(day_of(LAST, 2)).with_columns(release=pl.lit("b" * 64)), "2")
    write_log(folder, LAST, day_of(LAST, 3)[2:], "1")
    return folder


def noted(result: dg.ExecuteInProcessResult) -> dict[str, dict[str, Any]]:
    """Values of the metadata by day."""
    events = result.get_asset_materialization_events()
    return {
        str(event.partition): {name: entry.value for name, entry in event.materialization.metadata.items()}
        for event in events
    }


def version(result: dg.ExecuteInProcessResult) -> str:
    (event,) = result.get_asset_materialization_events()
    return str((event.materialization.tags or {})["dagster/data_version"])


def test_a_file_a_day_that_outlives_the_log(shop: Path, home: Home, log: Path) -> None:
    assert materialize(shop, [SERVED], str(FIRST), str(LAST)).success
    shutil.rmtree(log)
    kept = ServedDay.load(home.served("shop", FIRST))
    assert kept.decisions["request"].to_list() == ["r0", "r1", "r2", "r3"]
    assert kept.bits == {"a" * 64: BITS}
    assert pl.read_parquet(home.served("shop", "2026-01-06")).is_empty()
    assert ServedDay.load(home.served("shop", LAST)).decisions["release"].n_unique() == 2
    assert materialize(shop, [SERVED], str(FIRST), str(LAST)).success  # and stays as it is
    assert ServedDay.load(home.served("shop", FIRST)).decisions.equals(kept.decisions)


def test_every_day_has_its_own_numbers(shop: Path, home: Home, log: Path) -> None:
    materialize(shop, ["items"])
    found = noted(materialize(shop, [SERVED], str(FIRST), str(LAST)))
    day, none, last = (found[str(day)] for day in (FIRST, "2026-01-06", LAST))
    assert [day["requests"], none["requests"], last["requests"]] == [4, 0, 3]
    assert (day["users"], day["mean_length"], day["degraded_share"], day["empty_share"]) == (4, 3.0, 0.0, 0.0)
    assert (day["items_shown"], day["catalogue_share"]) == (6, 0.6)
    assert "| bbbbbbbbbbbb | 2 | 66.7% |" in last["releases"]
    assert "| two tower | 3 |" in day["candidates"]
    assert "| 1 | 4 | 100.0% |" not in day["most_shown"] and "| 50 | 4 | 100.0% |" in day["most_shown"]
    assert "Thing 1, Thing 2, 50" in day["samples"]  # titles, and ids of what is no item any more
    assert "data:image/png;base64," in day["by_hour"]
    assert {column.name for column in day["dagster/column_schema"].columns} >= {"request", "release", "item"}


def test_a_day_grows_and_its_version_follows_its_content(shop: Path, home: Home, log: Path) -> None:
    first, again = (version(materialize(shop, [SERVED], str(FIRST))) for _ in range(2))
    assert first == again
    write_log(log, FIRST, day_of(FIRST, 1, "late"), "9")
    assert version(materialize(shop, [SERVED], str(FIRST))) != first
    assert ServedDay.load(home.served("shop", FIRST)).decisions.height == 5


def test_without_a_log_it_says_what_to_do(shop: Path, home: Home) -> None:
    (blueprint,) = blueprints(shop, home)
    today = blueprint.served_days.get_last_partition_key()
    assert today == blueprint.served_days.get_first_partition_key()
    said = failure(materialize(shop, [SERVED], today))
    assert said.startswith("There is no decision log in") and "deploy the recommender and ask it" in said
    assert not home.served_folder("shop").exists()


def test_it_is_made_alone_and_the_chain_without_it(shop: Path, home: Home, log: Path) -> None:
    result = materialize(shop, [SERVED], str(FIRST))
    assert {event.asset_key for event in result.get_asset_materialization_events()} == {dg.AssetKey(["shop", SERVED])}
    (blueprint,) = blueprints(shop, home)
    assert blueprint.key(SERVED) not in blueprint.chain
    assert blueprint.partitions.get_first_partition_key() == "2024-01-01"
    assert blueprint.served_days.get_first_partition_key() == str(FIRST)
