from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from ops_gpu.engines.dask import DaskEngine
from ops_gpu.engines.local import LocalEngine
from ops_gpu.interactions.co_occurrence import Neighbours
from ops_gpu.interactions.events import DAY
from ops_gpu.interactions.utc_days import as_day
from recsys_assets.blueprint.blueprint import Blueprint
from recsys_assets.challenger.training.ranking_lists import ranking_lists
from recsys_assets.component.locations import blueprints
from resources.home import Home
from tests.recsys_assets.hits_world import COUNT, FIRST, LAST, write_world
from tests.recsys_assets.runs import failure, materialize

DAILY = ["interactions", "users", "items", "statistics", "item_state", "workflow", "schema", "features"]
LISTS = ["retrieval_model", "training_lists"]


@pytest.fixture
def folder(tmp_path: Path, home: Home) -> Path:
    """The world of hits, up to the lists; how often an item was taken is a feature of it."""
    folder = write_world(tmp_path)
    result = materialize(folder, [*DAILY, *LISTS], FIRST, LAST)
    assert result.success, failure(result)
    return folder


def blueprint_of(folder: Path, home: Home) -> Blueprint:
    return blueprints(folder, home)[0]


def test_lists_are_made_once_and_hold_what_was_known_at_their_moment(folder: Path, home: Home) -> None:
    blueprint = blueprint_of(folder, home)
    lists = ranking_lists(blueprint)
    ranges = lists.day_ranges.ranges
    windows = lists.windows(ranges.end)
    assert len(windows) == 2 and all(window.moment % (2 * DAY) == 0 for window in windows)
    rows = lists.until(ranges.end)
    assert set(rows.taught) == {COUNT} and len(rows.moment) > 50
    compared = 0
    for window in windows:
        lines = np.repeat(rows.moment == window.moment, np.diff(rows.lists))
        known = dict(zip(rows.item[lines].tolist(), rows.taught[COUNT][lines].tolist(), strict=True))
        day = pl.read_parquet(home.features(blueprint.name, as_day(window.moment))).select("item_id", COUNT).unique()
        for item, count in day.rows():
            if item in known:
                assert known[item] == pytest.approx(count, abs=1e-5)
                compared += 1
    assert compared > 5

    files = {window: lists.files.path(window).stat().st_mtime_ns for window in windows}
    assert lists.make(LocalEngine(), print) == []
    result = materialize(folder, LISTS, None)
    assert result.success, failure(result)
    assert {window: lists.files.path(window).stat().st_mtime_ns for window in windows} == files


def test_lists_that_are_made_again_know_what_was_similar(
    folder: Path, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    lists = ranking_lists(blueprint_of(folder, home))
    newest = lists.windows(lists.day_ranges.ranges.end)[-1]
    before = pl.read_parquet(lists.files.path(newest))
    lists.files.path(newest).unlink()

    def refuse(*_: Any) -> None:
        raise AssertionError("similar items were looked for again")

    monkeypatch.setattr(Neighbours, "fit", refuse)
    assert lists.make(LocalEngine(), print) == [newest]
    assert pl.read_parquet(lists.files.path(newest)).equals(before)
    assert 0 < len(list((home.folds("hits") / "neighbours").iterdir())) <= 2  # of the challenger and its release


def test_a_ranker_needs_lists_of_the_days_that_there_are(folder: Path, home: Home) -> None:
    lists = ranking_lists(blueprint_of(folder, home))
    lists.files.path(lists.windows(lists.day_ranges.ranges.fit_end)[0]).unlink()
    said = failure(materialize(folder, ["ranking_model"]))
    assert "hits/training_lists lacks 1 of the" in said and "materialize hits/training_lists" in said


def test_lists_are_the_same_on_workers(folder: Path, home: Home) -> None:
    lists = ranking_lists(blueprint_of(folder, home))
    windows = lists.windows(lists.day_ranges.ranges.end)
    here = [pl.read_parquet(lists.files.path(window)) for window in windows]
    for window in windows:
        lists.files.path(window).unlink()
    told: list[str] = []
    with DaskEngine.local(workers=2) as engine:
        assert lists.make(engine, told.append) == windows
    assert [line.partition(":")[0] for line in told] == ["1 of 2", "2 of 2"]
    for frame, window in zip(here, windows, strict=True):
        assert pl.read_parquet(lists.files.path(window)).equals(frame)
