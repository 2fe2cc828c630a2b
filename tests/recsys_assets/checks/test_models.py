"""Every gate of a model or release, once as it passes and once as it must not."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from ops_gpu.candidates.index import ItemIndex
from ops_gpu.features.days.event_features import EventFeatures
from ops_gpu.interactions.days.past_days import PastDays
from recsys_assets.assets.models.evaluation import load_report
from recsys_assets.blueprint.json_files import write_json
from recsys_assets.challenger.fitted.day_ranges import DayRanges
from recsys_assets.challenger.fitted.models import fit_config, fit_id
from recsys_assets.challenger.newest_release import newest_release
from recsys_assets.challenger.training.training_data import feature_days
from recsys_assets.challenger.training.workflow_fit import day_statistics, fit_before, unfitted_workflow
from recsys_assets.tables.days.feature_days import KEY
from recsys_assets.tables.days.feature_plan import FeaturePlan
from recsys_assets.tables.days.training_days import TrainingDays
from recsys_assets.tables.parquet_notes import parquet_notes
from recsys_assets.tables.tables import event_files
from tests.recsys_assets.checks.gates import NAME, Gates

pytestmark = pytest.mark.triton


@pytest.mark.parametrize(
    ("asset", "check"),
    [
        ("retrieval_model", "point_in_time"),
        ("feature_store", "online_parity"),
        ("faiss_index", "recall"),
        ("evaluation", "better_than_popularity"),
        ("evaluation", "not_worse_than_live"),
        ("release", "recall"),
        ("release", "answers_like_its_parts"),
    ],
)
def test_what_is_right_passes(gates: Gates, asset: str, check: str) -> None:
    found = gates.evaluate(asset, check)
    assert found.passed, found.description


def test_a_workflow_that_has_seen_the_judged_days_does_not_pass(gates: Gates) -> None:
    statistics = day_statistics(gates.blueprint)
    unfitted = unfitted_workflow(gates.blueprint, statistics.users, statistics.items)
    fitted = fit_before(TrainingDays.of(statistics), unfitted, DayRanges.load(gates.blueprint).ranges.end)
    fitted.save(gates.home.retrieval_model(NAME) / "workflow")
    found = gates.evaluate("retrieval_model", "point_in_time")
    assert not found.passed
    assert "item_id (as the workflow was fitted)" in str(found.description)


def test_a_fit_that_takes_all_days_does_not_pass(gates: Gates, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the pipeline did once: nobody cuts the days off that lists are judged by."""
    monkeypatch.setattr(TrainingDays, "before", lambda days, end: days)
    assert not gates.evaluate("retrieval_model", "point_in_time").passed


def test_histories_that_look_ahead_do_not_pass(gates: Gates, monkeypatch: pytest.MonkeyPatch) -> None:
    honest = PastDays.users_before
    monkeypatch.setattr(PastDays, "users_before", lambda past, day: honest(past, day + timedelta(1)))
    found = gates.evaluate("retrieval_model", "point_in_time")
    assert not found.passed and "history" in str(found.description) and "look ahead" in str(found.description)


def test_no_row_to_compare_is_no_proof(gates: Gates, monkeypatch: pytest.MonkeyPatch) -> None:
    nothing = pl.DataFrame(schema={"timestamp": pl.Datetime("us")})
    monkeypatch.setattr(EventFeatures, "of", lambda _, days: [(day, nothing) for day in days])
    monkeypatch.setattr("ops_gpu.evaluation.point_in_time._list_rows", lambda *_: pl.DataFrame())
    found = gates.evaluate("retrieval_model", "point_in_time")
    assert not found.passed and "0 rows" in str(found.description) and "nothing to compare" in str(found.description)


def test_no_poison_is_no_proof(gates: Gates) -> None:
    for file in event_files(gates.blueprint)[-11:]:  # all from the moment of the check on
        file.unlink()
    FeaturePlan(gates.blueprint, fit_id(gates.blueprint), fit_config(gates.blueprint).history_length).publish()
    found = gates.evaluate("retrieval_model", "point_in_time")
    assert not found.passed and " 0 later events" in str(found.description)


@pytest.mark.parametrize(("kind", "alike"), [("hnsw", True), ("flat", False)])
def test_only_an_index_that_guesses_is_compared_over_itself(
    gates: Gates, kind: str, alike: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two graphs of the same vectors find other items; what an exact index does not hold is missed."""
    whole = ItemIndex.load

    def poor(folder: Path) -> ItemIndex:
        """Holds an item of three."""
        index = whole(folder)
        items, d = index.items, index.index.d
        vectors, held = np.zeros((int(items.values.max()) + 1, d), np.float32), items.values[::3]
        vectors[items.values] = np.asarray(index.index.reconstruct_n(0, index.index.ntotal))[items.row_ids]
        return ItemIndex.build(vectors, np.isin(np.arange(len(vectors)), held), kind)

    monkeypatch.setattr(ItemIndex, "load", poor)
    assert gates.evaluate("release", "answers_like_its_parts").passed is alike


@pytest.mark.parametrize("asset", ["faiss_index", "release"])
def test_an_index_that_finds_too_little_does_not_pass(
    gates: Gates, asset: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, folders = ItemIndex.load, []

    def poor(folder: Path) -> ItemIndex:
        """Holds two items of three."""
        index = whole(folder)
        folders.append(folder)
        vectors = np.zeros((int(index.items.values.max()) + 1, index.index.d), np.float32)
        vectors[:, 0], offered = 1, np.isin(np.arange(len(vectors)), index.items.values[::3])
        return ItemIndex.build(vectors, ~offered)

    monkeypatch.setattr(ItemIndex, "load", poor)
    found = gates.evaluate(asset, "recall")
    assert not found.passed and "expected at least 95%" in str(found.description)
    where = {
        "faiss_index": gates.home.faiss_index(NAME) / "two_tower",
        "release": newest_release(gates.blueprint).part("faiss_index/two_tower"),
    }
    assert where[asset] in folders


def spoiled(gates: Gates, part: str, **values: Any) -> None:
    report = dict(load_report(gates.blueprint))
    report[part] = {**report[part], **values}
    write_json(report, gates.home.evaluation_report(NAME))


@pytest.mark.parametrize(
    "values", [{"ndcg@20": 0.01, "ndcg@20_se": 0.0001}, {"users": 0.0}], ids=["worse", "nobody was judged"]
)
def test_lists_that_are_worse_than_popularity_do_not_pass(gates: Gates, values: dict[str, float]) -> None:
    spoiled(gates, "final", **values)
    found = gates.evaluate("evaluation", "better_than_popularity")
    assert not found.passed and "popularity 0." in str(found.description)


@pytest.mark.parametrize("against", ["live", "recorded", "nobody"])
def test_lists_that_are_worse_than_what_is_live_do_not_pass(gates: Gates, against: str) -> None:
    spoiled(gates, "live", against=against, release="a" * 64, difference=-0.05, standard_error=0.01)
    found = gates.evaluate("evaluation", "not_worse_than_live")
    assert not found.passed


def test_a_release_that_answers_otherwise_does_not_pass(gates: Gates) -> None:
    """The library reads other histories than the release gets from the feature store."""
    for path in list(feature_days(gates.blueprint).files().values())[:12]:
        frame = pl.read_parquet(path).with_columns(item_id=pl.col("item_id").reverse())
        frame.write_parquet(path, metadata={KEY: parquet_notes(path)[KEY]})
    found = gates.evaluate("release", "answers_like_its_parts")
    assert not found.passed and "users are not" in str(found.description)


def test_a_feature_store_that_answers_otherwise_does_not_pass(gates: Gates) -> None:
    import sqlite3

    with sqlite3.connect(gates.home.feast_online(NAME)) as database:
        (name,) = next(iter(database.execute("SELECT name FROM sqlite_master WHERE name LIKE '%users%'")))
        database.execute(f'DELETE FROM "{name}" WHERE rowid % 2 = 0')
    found = gates.evaluate("feature_store", "online_parity")
    assert not found.passed and "users are answered otherwise" in str(found.description)


def test_users_who_pushed_events_are_compared_too(gates: Gates, monkeypatch: pytest.MonkeyPatch) -> None:
    everyone = pl.read_parquet(gates.home.users(NAME))["user_id"].to_list()
    monkeypatch.setattr("resources.feature_parity.pushed_users", lambda folder: everyone)
    assert gates.evaluate("feature_store", "online_parity").passed
    test_a_feature_store_that_answers_otherwise_does_not_pass(gates)


def test_a_feature_store_of_nobody_does_not_pass(gates: Gates, monkeypatch: pytest.MonkeyPatch) -> None:
    real = pl.scan_parquet
    monkeypatch.setattr("resources.feature_parity.pl.scan_parquet", lambda *args, **more: real(*args, **more).clear())
    found = gates.evaluate("feature_store", "online_parity")
    assert not found.passed and "no users to compare" in str(found.description)


def test_a_release_is_not_proved_by_strangers_alone(gates: Gates, monkeypatch: pytest.MonkeyPatch) -> None:
    everyone = pl.read_parquet(gates.home.users(NAME))["user_id"].to_list()
    monkeypatch.setattr("feature_repo.pushed_events.pushed_users", lambda folder: everyone)
    found = gates.evaluate("release", "answers_like_its_parts")
    assert not found.passed and "nobody to compare" in str(found.description)
