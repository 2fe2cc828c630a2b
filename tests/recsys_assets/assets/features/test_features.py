from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from recsys_assets.challenger.training.workflow_fit import day_statistics
from recsys_assets.component.locations import blueprints
from resources.home import Home
from tests.conftest import write_day
from tests.recsys_assets.runs import failure, materialize

ALL = ["interactions", "users", "items", "statistics", "item_state", "workflow", "schema", "features"]
DAYS = ("2024-01-01", "2024-01-03")
FIRST, SECOND, THIRD = (date(2024, 1, day) for day in (1, 2, 3))
GRAPHS = {
    "one level": 'codes + (["item_id"] >> TargetEncoding("label")) + (["kind"] >> JoinGroupby())',
    "over codes": 'codes + (codes["item_id"] >> TargetEncoding("label"))',
}
HEAD = "from ops_gpu.operators import Categorify, JoinGroupby, TargetEncoding\n\n\ndef build(schema):\n"
TAUGHT = "TE_item_id_label"


@pytest.fixture(params=list(GRAPHS))
def taught(request: pytest.FixtureRequest, shop: Path, home: Home) -> Path:
    """The shop with features that labels teach, materialized."""
    codes = '    codes = ["user_id", "item_id", "kind"] >> Categorify()\n'
    (shop / "features.py").write_text(f"{HEAD}{codes}    return {GRAPHS[request.param]}\n")
    (shop / "defs.yaml").write_text((shop / "defs.yaml").read_text() + "  workflow: features.build\n")
    result = materialize(shop, ALL, *DAYS)
    assert result.success, failure(result)
    return shop


def rows(home: Home, day: date) -> pl.DataFrame:
    return pl.read_parquet(home.features("shop", day))


def relabel(shop: Path, day: date) -> None:
    """Nobody likes anything on that day any more; it is read again, and what follows is made again."""
    path = write_day(shop, day)
    pl.read_csv(path).with_columns(stars=pl.lit(1)).write_csv(path)
    result = materialize(shop, ALL, str(day))
    assert result.success, failure(result)


def test_labels_of_a_day_teach_the_days_after_it_alone(taught: Path, home: Home) -> None:
    before = {day: rows(home, day) for day in (FIRST, SECOND, THIRD)}
    relabel(taught, SECOND)
    result = materialize(taught, ["features"], *DAYS)
    assert result.success, failure(result)
    after = {day: rows(home, day) for day in before}
    assert after[FIRST].equals(before[FIRST])
    assert after[SECOND].drop("label").equals(before[SECOND].drop("label"))
    assert not after[SECOND]["label"].any() and before[SECOND]["label"].any()
    assert not after[THIRD][TAUGHT].equals(before[THIRD][TAUGHT])


def test_the_first_day_knows_the_prior_alone(taught: Path, home: Home) -> None:
    assert rows(home, FIRST)[TAUGHT].n_unique() == 1
    assert rows(home, THIRD)[TAUGHT].n_unique() > 1
    if "kind_count" in rows(home, FIRST).columns:
        assert set(rows(home, FIRST)["kind_count"]) == {0} and set(rows(home, THIRD)["kind_count"]) == {20}


def test_what_was_folded_of_other_codes_goes(taught: Path, home: Home) -> None:
    """Once nobody has used it for a day: a release of them may still be built."""
    folds = home.folds("shop") / "statistics"
    [before] = folds.iterdir()
    write_day(taught, SECOND, rows=9)
    result = materialize(taught, ALL, *DAYS, refit=True)
    assert result.success, failure(result)
    assert before in folds.iterdir() and len(list(folds.iterdir())) == 2
    os.utime(before, (1, 1))
    assert materialize(taught, ["features"], *DAYS).success
    assert before not in folds.iterdir() and len(list(folds.iterdir())) == 1


def test_statistics_of_events_that_were_read_again_are_counted_again(shop: Path, home: Home) -> None:
    assert materialize(shop, ALL, *DAYS).success
    statistics = day_statistics(blueprints(shop, home)[0])
    assert statistics.stale([FIRST, SECOND, THIRD]) == []
    write_day(shop, SECOND, rows=9)
    assert materialize(shop, ["interactions"], str(SECOND)).success
    assert statistics.stale([FIRST, SECOND, THIRD]) == [SECOND]
    assert materialize(shop, ["interactions"], str(FIRST)).success  # and is what it was
    assert statistics.stale([FIRST, SECOND, THIRD]) == [SECOND]


@pytest.mark.parametrize("asset", ["statistics", "item_state"])
def test_a_day_that_was_never_read_is_named(shop: Path, home: Home, asset: str) -> None:
    assert materialize(shop, ALL, *DAYS).success
    home.interactions("shop", SECOND).unlink()
    said = failure(materialize(shop, [asset], *DAYS))
    assert "shop/interactions has no file of 2024-01-02; materialize shop/interactions for that day" in said


def test_a_day_that_is_on_its_way_keeps_no_other_waiting(shop: Path, home: Home) -> None:
    """Of an open log the newest day is yesterday, whose file may not be there."""
    result = materialize(shop, ALL[:-1], str(FIRST), str(SECOND))
    assert result.success, failure(result)
    result = materialize(shop, ["features"], str(THIRD))
    assert result.success, failure(result)
    made = {event.partition for event in result.asset_materializations_for_node("shop__features")}
    assert made == {str(FIRST), str(SECOND), str(THIRD)} and not home.features("shop", THIRD).exists()
    assert rows(home, SECOND).height == 20
