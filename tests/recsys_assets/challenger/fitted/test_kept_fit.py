from __future__ import annotations

from pathlib import Path

import dagster as dg
import numpy as np
import numpy.typing as npt
import polars as pl
import pytest

from ops_gpu.models.retrieval.two_tower import TwoTower
from ops_gpu.models.retrieval.two_tower_config import TwoTowerConfig
from resources.home import Home
from tests.recsys_assets.hits_world import FIRST, LAST, write_world
from tests.recsys_assets.runs import failure, materialize

DAILY = ["interactions", "users", "items", "statistics", "item_state", "workflow", "schema", "features"]
BEFORE = "2026-01-19"
"""The day before the last of the first run: the models go on over two days."""


@pytest.fixture
def folder(tmp_path: Path, home: Home) -> Path:
    """The world of hits, up to the models, but for its last two days."""
    folder = write_world(tmp_path)
    assert how(materialize(folder, [*DAILY, "retrieval_model"], FIRST, BEFORE)) == "anew"
    return folder


def how(result: dg.ExecuteInProcessResult) -> str:
    assert result.success, failure(result)
    [made] = result.asset_materializations_for_node("hits__retrieval_model")
    return str(made.metadata["fitted"].value)


def weights(home: Home, which: str) -> list[npt.NDArray[np.float32]]:
    """Of the item tower of the models that make lists (`early`), or of those up to the judged days (`model`)."""
    model = TwoTower.load(home.retrieval_model("hits") / which / "two_tower", TwoTowerConfig())
    return [np.asarray(values) for values in model.towers.item.get_weights()]


def test_later_days_are_gone_on_with_and_lists_of_before_stay(folder: Path, home: Home) -> None:
    assert materialize(folder, ["training_lists"]).success
    early = weights(home, "early")
    files = {path: path.stat().st_mtime_ns for path in home.training_lists("hits").glob("*.parquet")}
    result = materialize(folder, [*DAILY, "retrieval_model", "training_lists"], "2026-01-20", LAST)
    assert how(result) == "continued over 2026-01-19 to 2026-01-20"
    [lists] = result.asset_materializations_for_node("hits__training_lists")
    assert lists.metadata["made_now"].value == 2  # of one moment: half of its horizon, and all of it
    kept = [path for path in home.training_lists("hits").glob("*.parquet") if files.get(path)]
    assert kept and all(path.stat().st_mtime_ns == files[path] for path in kept)
    for one, other in zip(weights(home, "early"), early, strict=True):
        np.testing.assert_array_equal(one[: len(other)], other)  # the codes of the new days are appended


def test_without_a_later_day_they_are_what_they_were(folder: Path, home: Home) -> None:
    before = weights(home, "model")
    assert how(materialize(folder, ["retrieval_model"])) == "as before"
    for one, other in zip(weights(home, "model"), before, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_corrected_day_fits_them_anew(folder: Path) -> None:
    log = pl.read_csv(folder / "log.csv")
    log.filter(~((pl.col("time").str.starts_with("2026-01-05")) & (pl.col("user") < 50))).write_csv(folder / "log.csv")
    assert how(materialize(folder, [*DAILY, "retrieval_model"], "2026-01-05")) == "anew"


def test_a_day_of_the_judged_ones_that_is_corrected_changes_nothing_that_they_know(folder: Path) -> None:
    log = pl.read_csv(folder / "log.csv")
    log.filter(~((pl.col("time").str.starts_with(BEFORE)) & (pl.col("user") < 50))).write_csv(folder / "log.csv")
    assert how(materialize(folder, [*DAILY, "retrieval_model"], BEFORE)) == "as before"


def test_other_settings_a_full_refit_and_damage_fit_them_anew(folder: Path, home: Home) -> None:
    yaml = folder / "defs.yaml"
    yaml.write_text(yaml.read_text().replace("learning_rate: 0.01", "learning_rate: 0.02"))
    assert how(materialize(folder, ["retrieval_model"])) == "anew"
    assert how(materialize(folder, ["retrieval_model"])) == "as before"
    (home.retrieval_model("hits") / "early" / "two_tower" / "trained.npy").write_bytes(b"nothing")
    assert how(materialize(folder, ["retrieval_model"])) == "anew"
    assert how(materialize(folder, ["workflow", "features", "retrieval_model"], BEFORE, refit=True)) == "anew"
