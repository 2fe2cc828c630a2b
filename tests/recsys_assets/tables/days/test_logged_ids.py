from __future__ import annotations

from datetime import datetime
from pathlib import Path

import polars as pl
import pytest

from recsys_assets.blueprint.json_files import write_frame
from recsys_assets.component.locations import blueprints
from recsys_assets.tables.days.logged_ids import logged_ids
from resources.home import Home


def write(home: Home, day: int, *users: int) -> None:
    path = home.interactions_folder("shop") / f"2024-01-{day:02}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    moment = pl.lit(datetime(2024, 1, day)).cast(pl.Datetime("us"))
    rows = pl.DataFrame({"user_id": users, "item_id": users}, schema={"user_id": pl.Int64, "item_id": pl.Int64})
    write_frame(rows.with_columns(timestamp=moment, label=True), path, {"content": f"{users}"})


def test_ids_are_those_of_all_days_whatever_becomes_of_them(shop: Path, home: Home) -> None:
    [blueprint] = blueprints(shop, home)

    def found() -> list[int]:
        ids = logged_ids(blueprint, "user_id")
        assert ids is not None
        return sorted(ids.to_list())

    assert logged_ids(blueprint, "user_id") is None
    write(home, 1, 5, 6)
    write(home, 2)
    assert found() == found() == [5, 6]
    write(home, 3, 6, 9)
    assert found() == [5, 6, 9]
    write(home, 1, 7)  # corrected: nobody else has 5
    assert found() == [6, 7, 9]
    (home.interactions_folder("shop") / "2024-01-03.parquet").unlink()
    assert found() == [7]


def test_of_a_new_day_that_day_is_read(shop: Path, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    [blueprint] = blueprints(shop, home)
    write(home, 1, 5, 6)
    logged_ids(blueprint, "item_id")
    write(home, 2, 8)
    read, scan = list[str](), pl.scan_parquet
    monkeypatch.setattr(pl, "scan_parquet", lambda path, **options: (read.append(path.name), scan(path, **options))[1])
    ids = logged_ids(blueprint, "item_id")
    assert ids is not None and sorted(ids) == [5, 6, 8]
    assert read == ["item_id.parquet", "2024-01-02.parquet"]


def test_kept_ids_that_were_cut_off_are_found_anew(shop: Path, home: Home) -> None:
    [blueprint] = blueprints(shop, home)
    write(home, 1, 5)
    logged_ids(blueprint, "user_id")
    (home.folds("shop") / "ids" / "user_id.parquet").write_bytes(b"PAR1")
    ids = logged_ids(blueprint, "user_id")
    assert ids is not None and ids.to_list() == [5]
