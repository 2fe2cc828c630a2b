from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from recsys_assets.component.locations import blueprints
from recsys_assets.tables.entity_lookup import EntityLookup
from recsys_assets.tables.tables import event_files, read_events
from resources.home import Home
from tests.conftest import write_day
from tests.recsys_assets.runs import failure, materialize

DAYS = ("2024-01-01", "2024-01-03")


def test_a_file_a_day_with_canonical_columns(shop: Path, home: Home) -> None:
    assert materialize(shop, ["interactions"], *DAYS).success
    frame = pl.read_parquet(home.interactions("shop", "2024-01-02"))
    assert frame.columns == ["user_id", "item_id", "timestamp", "label", "__file__"]
    assert frame["__file__"].unique().to_list() == ["logs/2024-01-02.csv"]
    assert frame.height == 20
    assert frame["timestamp"].dt.date().unique().to_list() == [date(2024, 1, 2)]


def test_metadata_of_a_range_and_of_each_day(shop: Path, home: Home) -> None:
    result = materialize(shop, ["interactions"], *DAYS)
    events = result.get_asset_materialization_events()
    rows = {event.partition: event.materialization.metadata for event in events}
    assert rows["2024-01-02"]["events"].value == 20
    assert rows["2024-01-02"]["rows_kept"].value == 60
    schema = rows["2024-01-02"]["dagster/column_schema"].value
    assert [column.name for column in schema.columns] == ["user_id", "item_id", "timestamp", "label"]
    assert "data:image/png;base64," in rows["2024-01-02"]["events_by_day"].value


def test_a_day_between_without_events_is_an_empty_file(shop: Path, home: Home) -> None:
    (shop / "logs" / "2024-01-02.csv").unlink()
    assert materialize(shop, ["interactions"], *DAYS).success
    assert pl.read_parquet(home.interactions("shop", "2024-01-02")).is_empty()


def test_bad_days_keep_their_earlier_files_and_fail_the_check(shop: Path, home: Home) -> None:
    materialize(shop, ["interactions"], *DAYS)
    before = home.interactions("shop", "2024-01-02").read_bytes()
    text = (shop / "logs" / "2024-01-02.csv").read_text().replace("T", " nonsense ")
    (shop / "logs" / "2024-01-02.csv").write_text(text + "1,2,2024-01-02T10:00:00,5\n")
    result = materialize(shop, ["interactions", "users"], "2024-01-02")
    assert not result.success
    assert home.interactions("shop", "2024-01-02").read_bytes() == before
    assert not home.users("shop").exists()
    check = next(c for c in result.get_asset_check_evaluations() if c.check_name == "volume")
    assert not check.passed
    assert "unreadable_time 20" in str(check.description)


def test_an_empty_day_alone_fails_with_a_sentence(shop: Path, home: Home) -> None:
    (shop / "logs" / "2024-01-02.csv").unlink()
    result = materialize(shop, ["interactions"], "2024-01-02")
    check = next(c for c in result.get_asset_check_evaluations() if c.check_name == "volume")
    assert "holds no usable event from 2024-01-02" in str(check.description)


def test_a_corrupt_file_fails_its_day_with_the_parsers_sentence(shop: Path, home: Home) -> None:
    materialize(shop, ["interactions"], *DAYS)
    (shop / "logs" / "2024-01-04.csv").write_text("user;item\n1;2\n")
    result = materialize(shop, ["interactions"], "2024-01-04")
    assert not result.success
    assert "2024-01-04.csv" in failure(result)
    assert not home.interactions("shop", "2024-01-04").exists()
    write_day(shop, date(2024, 1, 4))
    assert materialize(shop, ["interactions"], "2024-01-04").success


def test_a_missing_log_says_where_it_was_looked_for(shop: Path, home: Home) -> None:
    for file in (shop / "logs").iterdir():
        file.unlink()
    (blueprint,) = blueprints(shop, home)  # it loads all the same
    assert str(shop / "logs") in str(blueprint.problem)
    last = blueprint.partitions.get_last_partition_key()
    assert last is not None
    assert str(shop / "logs") in failure(materialize(shop, ["interactions"], last))


@pytest.mark.parametrize("kind", ["contract"])
def test_the_contract_fails_where_a_column_changed_its_type(shop: Path, home: Home, kind: str) -> None:
    materialize(shop, ["interactions"], *DAYS)
    path = home.interactions("shop", "2024-01-01")
    pl.read_parquet(path).with_columns(pl.col("item_id").cast(pl.String)).write_parquet(path)
    result = materialize(shop, ["interactions"], "2024-01-02")
    check = next(c for c in result.get_asset_check_evaluations() if c.check_name == kind)
    assert not check.passed
    assert "2024-01-01.parquet: column 'item_id' should be int64 and is string" in str(check.description)


def test_a_kept_column_that_is_empty_on_a_day_keeps_its_type(shop: Path, home: Home) -> None:
    yaml = (shop / "defs.yaml").read_text().replace("logs/*.csv", "logs/*.parquet")
    (shop / "defs.yaml").write_text(yaml.replace("    label:", "    categorical: [device]\n    label:"))
    for number, file in enumerate(sorted((shop / "logs").glob("*.csv"))):
        device = pl.lit(None) if number == 2 else pl.lit(number)
        pl.read_csv(file).with_columns(device=device).write_parquet(file.with_suffix(".parquet"))
    for day in ("2024-01-01", "2024-01-02", "2024-01-03"):
        assert materialize(shop, ["interactions", "users", "items"], day).success
    frame = pl.read_parquet(home.interactions_folder("shop") / "*.parquet")
    assert frame.schema["device"] == pl.Int64
    assert frame["device"].null_count() == 20
    assert materialize(shop, ["statistics"], *DAYS).success


def test_days_of_before_whose_kept_columns_differ_are_read(shop: Path, home: Home) -> None:
    assert materialize(shop, ["interactions", "users", "items"], *DAYS).success
    for number, day in enumerate(("2024-01-01", "2024-01-02")):
        path = home.interactions("shop", day)
        pl.read_parquet(path).with_columns(device=pl.lit([1, "a"][number])).write_parquet(path)
    assert materialize(shop, ["statistics"], *DAYS).success
    blueprint = blueprints(shop, home)[0]
    assert read_events(event_files(blueprint)).columns == ["user_id", "item_id", "timestamp", "label"]
    assert len(EntityLookup(home, "shop").active_users(50)) == 8


def test_events_outlive_their_files_and_are_told_of_at_every_run(shop: Path, home: Home) -> None:
    assert materialize(shop, ["interactions", "users", "items"], *DAYS).success
    before = pl.read_parquet(home.interactions("shop", "2024-01-02"))
    (shop / "logs" / "2024-01-02.csv").unlink()
    for _ in range(2):
        result = materialize(shop, ["interactions", "users", "items"], *DAYS)
        assert result.success
        metadata = result.asset_materializations_for_node("shop__interactions")[0].metadata
        assert metadata["events_kept"].value == 20
        assert "20 events of 2024-01-02 are kept, whose files are gone" in str(metadata["notes"].value)
        assert "2024-01-02 | 20" in str(metadata["kept_days"].value)
        check = next(c for c in result.get_asset_check_evaluations() if c.check_name == "volume")
        assert "40 events from 2024-01-01 to 2024-01-03" in str(check.description)
        assert "; 20 in all are kept, whose files are gone." in str(check.description)
        assert pl.read_parquet(home.interactions("shop", "2024-01-02")).equals(before)


@pytest.mark.parametrize("setting", [False, True], ids=["run configuration", "quality.missing_files"])
def test_events_whose_files_are_gone_are_let_go(shop: Path, home: Home, setting: bool) -> None:
    materialize(shop, ["interactions"], *DAYS)
    (shop / "logs" / "2024-01-02.csv").unlink()
    if setting:
        with (shop / "defs.yaml").open("a") as yaml:
            yaml.write("  quality: {missing_files: drop}\n")
    result = materialize(shop, ["interactions"], *DAYS, drop_missing=not setting)
    assert result.success
    assert pl.read_parquet(home.interactions("shop", "2024-01-02")).is_empty()
    metadata = result.asset_materializations_for_node("shop__interactions")[0].metadata
    assert metadata["events_kept"].value == 0
    assert "2024-01-02 empty now" in str(metadata["notes"].value)


def test_a_day_that_its_file_holds_no_more_becomes_empty_alone_too(shop: Path, home: Home) -> None:
    materialize(shop, ["interactions"], *DAYS)
    file = shop / "logs" / "2024-01-02.csv"
    file.write_text(file.read_text().replace("2024-01-02T", "2024-01-03T"))
    result = materialize(shop, ["interactions"], "2024-01-02")
    assert result.success
    assert pl.read_parquet(home.interactions("shop", "2024-01-02")).is_empty()
    check = next(c for c in result.get_asset_check_evaluations() if c.check_name == "volume")
    assert check.passed
    assert "holds no events of 2024-01-02 to 2024-01-02 any more; days that are empty now: 1." in str(check.description)


def test_rows_ahead_of_now_fail_nothing_and_are_told(shop: Path, home: Home) -> None:
    with (shop / "logs" / "2024-01-02.csv").open("a") as file:
        file.write("1,1,2190-01-01T00:00:00,5\n")
    result = materialize(shop, ["interactions", "users", "items"], *DAYS)
    assert result.success
    metadata = result.asset_materializations_for_node("shop__interactions")[0].metadata
    assert "1 row of 2190-01-01" in str(metadata["notes"].value)
    assert len(list(home.interactions_folder("shop").glob("*.parquet"))) == 3
