from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest
import yaml

from ops_gpu.interactions.days.item_counts import ItemCounts
from ops_gpu.interactions.item_state_config import ItemStateConfig
from recsys_assets.component.locations import blueprints
from recsys_assets.tables.days.item_days import ItemDays
from resources.home import Home
from tests.conftest import write_day
from tests.recsys_assets.runs import failure, materialize

BEFORE = ["interactions", "users", "items", "statistics", "item_state", "workflow", "schema"]
DAYS = ("2024-01-01", "2024-01-03")
SECOND, THIRD = date(2024, 1, 2), date(2024, 1, 3)


@pytest.fixture
def counted(shop: Path, home: Home) -> Path:
    assert materialize(shop, BEFORE, *DAYS).success
    return shop


def days_of(shop: Path, home: Home) -> ItemDays:
    return ItemDays(blueprints(shop, home)[0])


def rows_of(home: Home, day: date) -> pl.DataFrame:
    return pl.read_parquet(home.features("shop", day))


def test_a_day_has_the_counts_of_its_events(counted: Path, home: Home) -> None:
    frame = ItemCounts.load(days_of(counted, home).path(SECOND)).frame
    events = pl.read_parquet(home.interactions("shop", SECOND))
    expected = events.group_by("item_id").agg(pl.len().cast(pl.Int64).alias("seen"), pl.col("label").sum())
    assert frame.select("item_id", "seen", "liked").rows() == expected.sort("item_id").rows()
    assert frame["liked"].sum() > 0


def test_features_read_it(counted: Path, home: Home) -> None:
    """Of counts that say something else, other features are made."""
    assert materialize(counted, ["features"], *DAYS).success
    before = rows_of(home, THIRD)
    days, config = days_of(counted, home), ItemStateConfig()
    events = pl.read_parquet(home.interactions("shop", SECOND)).with_columns(label=True)
    as_of, content = ItemCounts.load(days.path(SECOND)).as_of, days.files([SECOND]).wanted(SECOND)
    ItemCounts.count(events, as_of, config).save(days.path(SECOND), content)
    assert materialize(counted, ["features"], str(THIRD)).success
    after = rows_of(home, THIRD)
    changed = {name for name in before.columns if not before[name].equals(after[name])}
    assert "item_total" in changed and "item_popularity_0" in changed
    assert changed <= {name for name in before.columns if name.startswith("item_")}


@pytest.mark.parametrize("how", ["gone", "older", "other half-lives"])
def test_features_need_the_counts_of_every_day(counted: Path, home: Home, how: str) -> None:
    days = days_of(counted, home)
    if how == "gone":
        days.path(SECOND).unlink()
    if how == "older":
        write_day(counted, SECOND, rows=9)
        assert materialize(counted, ["interactions"], str(SECOND)).success
    if how == "other half-lives":
        values = yaml.safe_load((counted / "defs.yaml").read_text())
        values["attributes"]["candidates"] = {"snapshot": {"half_lives_days": [2.0]}}
        (counted / "defs.yaml").write_text(yaml.safe_dump(values))
    said = failure(materialize(counted, ["features"], str(THIRD)))
    number = 3 if how == "other half-lives" else 1
    assert f"{number} days of shop/interactions" in said and "materialize shop/item_state" in said
    result = materialize(counted, ["item_state", "features"], str(THIRD))
    assert result.success
    made = result.asset_materializations_for_node("shop__item_state")
    assert {"2024-01-02", "2024-01-03"} <= {event.partition for event in made}
    assert made[-1].metadata["others_counted"].value == (2 if how == "other half-lives" else 1)


def test_a_corrected_day_changes_what_lies_after_it_alone(counted: Path, home: Home) -> None:
    assert materialize(counted, ["features"], *DAYS).success
    before = [rows_of(home, day) for day in (date(2024, 1, 1), SECOND, THIRD)]
    write_day(counted, SECOND, rows=9)
    assert materialize(counted, ["interactions", "item_state"], str(SECOND)).success
    assert materialize(counted, ["features"], *DAYS).success
    after = [rows_of(home, day) for day in (date(2024, 1, 1), SECOND, THIRD)]
    assert before[0].equals(after[0])
    assert after[1].height == 9 and before[1].height == 20
    assert not before[2]["user_items"].equals(after[2]["user_items"]) or not before[2]["item_total"].equals(
        after[2]["item_total"]
    )
