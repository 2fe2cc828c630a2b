from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl
import pytest

from ops_gpu.logs import (
    EntityTable,
    IdTypes,
    InteractionLog,
    LogPlace,
    LogSource,
    decide_id_types,
    read_interactions,
)
from ops_gpu.logs import read_items as read_item_table
from ops_gpu.synthetic import DemoData, DemoSettings, Oracle

SMALL = DemoSettings(users=600, items=500, days=40, events=18_000)
CUT = 30


@pytest.fixture(scope="module")
def demo() -> DemoData:
    return DemoData.generate(SMALL)


@pytest.fixture(scope="module")
def split(demo: DemoData) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Positive pairs before and from the cut on, and every pair seen before it."""
    moment = pl.lit(SMALL.start + timedelta(days=CUT)).cast(pl.Datetime("us"))
    before, after = np.zeros((2, SMALL.users, SMALL.items), np.bool_)
    old = demo.interactions.filter(pl.col("timestamp") < moment)
    new = demo.interactions.filter(pl.col("timestamp") >= moment, pl.col("watched") >= 0.5)
    before[old["user_id"].to_numpy() - 1, old["item_id"].to_numpy() - 1] = True
    after[new["user_id"].to_numpy() - 1, new["item_id"].to_numpy() - 1] = True
    return before, after


def test_size_and_ids(demo: DemoData) -> None:
    assert abs(demo.interactions.height / SMALL.events - 1) < 0.1
    assert demo.users["user_id"].to_list() == list(range(1, SMALL.users + 1))
    assert demo.items["item_id"].to_list() == list(range(1, SMALL.items + 1))
    days = demo.interactions["timestamp"].dt.date()
    assert (days.min(), days.max(), days.n_unique()) == (date(2026, 1, 1), date(2026, 2, 9), 40)
    assert demo.items["title"].is_unique().all()
    assert demo.interactions["timestamp"].is_sorted()


def test_equal_seeds_give_equal_data(demo: DemoData) -> None:
    again = DemoData.generate(SMALL)
    assert again.interactions.equals(demo.interactions)
    assert again.items.equals(demo.items)
    other = DemoData.generate(DemoSettings(seed=8, users=600, items=500, days=40, events=18_000))
    assert not other.interactions.equals(demo.interactions)


def test_nobody_picks_twice_and_nothing_that_is_not_on_offer(demo: DemoData) -> None:
    events = demo.interactions
    assert events.select("user_id", "item_id").is_unique().all()
    joined = events.join(demo.items, on="item_id")
    assert (joined["timestamp"].dt.date() >= joined["released"]).all()
    gone = demo.items.filter(~pl.col("available"))["item_id"].implode()
    last = events["timestamp"].max()
    late = events.filter(pl.col("item_id").is_in(gone), pl.col("timestamp") > last - timedelta(days=9))  # type: ignore[operator]
    assert late.is_empty()


def test_there_are_cold_users_cold_items_and_new_ones(demo: DemoData) -> None:
    assert demo.users.filter(~pl.col("user_id").is_in(demo.interactions["user_id"].implode())).height > 0
    assert demo.items.filter(~pl.col("item_id").is_in(demo.interactions["item_id"].implode())).height > 0
    first = demo.interactions.group_by("user_id").agg(pl.col("timestamp").min().dt.date())
    assert (first["timestamp"] > date(2026, 1, 20)).sum() > 20


def test_positive_and_negative_events(demo: DemoData) -> None:
    watched = demo.interactions["watched"]
    assert watched.is_between(0, 1).all()
    assert 0.5 < (watched >= 0.5).mean() < 0.9  # type: ignore[operator]


def test_popularity_lies_well_below_the_oracle(
    demo: DemoData, split: tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]
) -> None:
    seen, after = split
    people = np.flatnonzero(seen.any(1) & after.any(1))
    wanted = np.minimum(20, after[people].sum(1))
    lists = demo.oracle.top(people + 1, SMALL.start + timedelta(days=CUT), 20, seen[people]) - 1
    counts = np.where(seen[people], -1, seen.sum(0))
    popular = np.argsort(-counts, axis=1, kind="stable")[:, :20]
    oracle = (np.take_along_axis(after[people], lists, 1).sum(1) / wanted).mean()
    popularity = (np.take_along_axis(after[people], popular, 1).sum(1) / wanted).mean()
    assert 0.2 * oracle < popularity < 0.6 * oracle
    assert not np.take_along_axis(seen[people], lists, 1).any()


def test_the_oracle_offers_only_what_is_on_offer(demo: DemoData) -> None:
    scores = demo.oracle.scores(np.array([1, 2]), SMALL.start)
    unreleased = (demo.items["released"] > SMALL.start).to_numpy()
    assert scores.shape == (2, SMALL.items)
    assert (scores[:, unreleased] == 0).all()
    assert (scores[:, ~unreleased] > 0).any(1).all()
    with pytest.raises(ValueError, match="the oracle knows the 40 days from 2026-01-01, not 2025-12-31"):
        demo.oracle.scores(np.array([1]), date(2025, 12, 31))


def test_the_truth_survives_saving(demo: DemoData, tmp_path: Path) -> None:
    demo.oracle.save(tmp_path / "truth.npz")
    back = Oracle.load(tmp_path / "truth.npz")
    users, day = np.array([3, 9]), date(2026, 1, 9)
    np.testing.assert_array_equal(back.scores(users, day), demo.oracle.scores(users, day))
    assert [path.name for path in tmp_path.iterdir()] == ["truth.npz"]


def test_the_files_are_a_log_that_can_be_read(demo: DemoData, tmp_path: Path) -> None:
    demo.write(tmp_path)
    assert (tmp_path / "interactions" / "2026-02-09.parquet").exists()
    log = InteractionLog(
        LogSource("interactions/*.parquet"),
        user="user_id",
        item="item_id",
        time="timestamp",
        label="watched >= 0.5",
    )
    items = EntityTable(
        LogSource("items.parquet"), id="item_id", title="title", available="available", lists=["genres"]
    )
    place = LogPlace(tmp_path)
    ids = decide_id_types(log, place, None, items)
    assert ids == IdTypes("integer", "integer")
    result = read_interactions(log, place, ids)
    assert result.frame.height == demo.interactions.height == result.report.rows_read
    assert read_item_table(items, log, place, ids).frame["title"].to_list() == demo.items["title"].to_list()


@pytest.mark.parametrize("settings", [{"events": 0}, {"users": 10, "items": 10, "events": 11}])
def test_a_world_that_is_too_small_is_refused(settings: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"events is 0, expected a whole number|ask for at most 10"):
        DemoSettings(**settings)  # type: ignore[arg-type]
