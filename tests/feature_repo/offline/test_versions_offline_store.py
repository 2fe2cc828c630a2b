"""Feast's join of the past is right whatever the number of files that the versions lie in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dask.dataframe as dd
import numpy as np
import pandas as pd
import polars as pl
import pytest
from feast import Entity, FeatureStore, FeatureView, Field, FileSource, ValueType
from feast.types import Float64

from feature_repo.offline.versions_offline_store import VersionsOfflineStore
from feature_repo.repository import FeatureRepository
from feature_repo.settings import StoreSettings

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
ITEMS = 60


def written(folder: Path, ttl: timedelta = timedelta(0)) -> tuple[FeatureStore, list[Any], list[datetime]]:
    """Five writes, the prices after each, and a moment after each."""
    repository = FeatureRepository(folder / "shop", "shop", StoreSettings(ttl=ttl))
    random, prices, moments = np.random.default_rng(0), [], []
    price = random.random(ITEMS)
    for day in range(5):
        price = np.where(random.random(ITEMS) < 0.3, random.random(ITEMS), price)
        frame = pl.DataFrame({"item_id": np.arange(ITEMS), "price": price, "tags": [["a", str(day)]] * ITEMS})
        repository.write("items", frame, BEGIN + timedelta(day))
        prices.append(price)
        moments.append(datetime.now(UTC))
    assert len(repository.versions("items").paths) == 5
    return FeatureStore(repo_path=str(repository.folder)), prices, moments


def asked(moments: list[datetime], seed: int) -> tuple[pd.DataFrame, list[tuple[int, int]]]:
    """Items at moments, in any order and more than once, as a frame and as numbers of items and of moments."""
    random = np.random.default_rng(seed)
    rows = list(zip(random.integers(0, ITEMS + 5, 200).tolist(), random.integers(0, 5, 200).tolist(), strict=True))
    frame = pd.DataFrame({"item_id": [i for i, _ in rows], "event_timestamp": [moments[m] for _, m in rows]})
    return frame.set_index(pd.Index(range(200, 0, -1))), rows


def test_every_row_has_what_was_written_by_its_moment(tmp_path: Path) -> None:
    store, prices, moments = written(tmp_path)
    frame, rows = asked(moments, 1)
    found = store.get_historical_features(
        entity_df=frame, features=store.get_feature_service("items"), filter_by_created_timestamp=True
    ).to_df()
    assert found["item_id"].tolist() == [item for item, _ in rows], "in the order in which they were asked for"
    for (item, moment), price, tags in zip(rows, found["price"], found["tags"], strict=True):
        if item < ITEMS:
            assert price == prices[moment][item] and tags[1] == str(moment)
        else:
            assert np.isnan(price) and tags is None


def test_by_event_time_alone_a_correction_reaches_back(tmp_path: Path) -> None:
    store, prices, moments = written(tmp_path)
    price = np.where(np.arange(ITEMS) == 0, -1.0, prices[4])
    correction = pl.DataFrame({"item_id": np.arange(ITEMS), "price": price, "tags": [["a", "4"]] * ITEMS})
    repository = FeatureRepository(Path(store.repo_path), "shop", StoreSettings())
    assert repository.write("items", correction, BEGIN).changed == 1
    after = BEGIN + timedelta(days=4, hours=1)  # of what it corrects: a new version is always younger
    days = pd.DataFrame({"item_id": [0, 1], "event_timestamp": [after] * 2})
    found = store.get_historical_features(entity_df=days, features=["items:price"], full_feature_names=True).to_df()
    assert found["items__price"].tolist() == [-1.0, prices[4][1]]
    asked_then = pd.DataFrame({"item_id": [0], "event_timestamp": [moments[-1]]})
    found = store.get_historical_features(
        entity_df=asked_then, features=["items:price"], filter_by_created_timestamp=True
    ).to_df()
    assert found["price"].tolist() == [prices[4][0]]


def test_a_row_holds_as_long_as_is_set(tmp_path: Path) -> None:
    store, prices, _ = written(tmp_path, ttl=timedelta(days=2))
    late = pd.DataFrame({"item_id": [0, 0], "when": [BEGIN + timedelta(days=5), BEGIN + timedelta(days=7)]})
    found = store.get_historical_features(entity_df=late, features=["items:price"]).to_df()
    assert found["price"].fillna(-1.0).tolist() == [prices[4][0], -1.0]


@pytest.mark.parametrize("folder", [False, True], ids=["a file", "a folder"])
def test_views_of_other_sources_go_to_feast(tmp_path: Path, folder: bool) -> None:
    store, _, _ = written(tmp_path)
    rows = pd.DataFrame({"city": [1], "rain": [0.5], "event_timestamp": [pd.Timestamp(BEGIN)]})
    place = Path(store.repo_path) / "city.parquet"
    if folder:
        place.mkdir()
    rows.to_parquet(place / "part.parquet" if folder else place)
    city = Entity(name="city", join_keys=["city"], value_type=ValueType.INT64)
    source = FileSource(path="city.parquet", timestamp_field="event_timestamp")
    view = FeatureView(name="weather", entities=[city], schema=[Field(name="rain", dtype=Float64)], source=source)
    store.apply([city, view])
    frame = pd.DataFrame({"city": [1], "event_timestamp": [BEGIN + timedelta(1)]})
    assert store.get_historical_features(entity_df=frame, features=["weather:rain"]).to_df()["rain"].tolist() == [0.5]


def test_views_of_both_kinds_at_once(tmp_path: Path) -> None:
    store, prices, moments = written(tmp_path)
    rows = pd.DataFrame({"city": [1, 2], "rain": [0.5, 0.7], "event_timestamp": [pd.Timestamp(BEGIN)] * 2})
    rows.to_parquet(Path(store.repo_path) / "city.parquet")
    city = Entity(name="city", join_keys=["city"], value_type=ValueType.INT64)
    source = FileSource(path="city.parquet", timestamp_field="event_timestamp")
    view = FeatureView(name="weather", entities=[city], schema=[Field(name="rain", dtype=Float64)], source=source)
    store.apply([city, view])
    frame, wanted = asked(moments, 2)
    frame["city"] = [1 + place % 2 for place in range(len(frame))]
    found = store.get_historical_features(
        entity_df=frame, features=["items:price", "weather:rain"], filter_by_created_timestamp=True
    ).to_df()
    numbers = {moment: number for number, moment in enumerate(moments)}
    assert found["item_id"].tolist() == [item for item, _ in wanted], "none is dropped"
    for row in found.itertuples():
        number = numbers[row.event_timestamp.to_pydatetime()]
        assert row.rain == {1: 0.5, 2: 0.7}[row.city]
        assert np.isnan(row.price) if row.item_id >= ITEMS else row.price == prices[number][row.item_id]


def test_ids_that_pandas_made_numbers_of(tmp_path: Path) -> None:
    store, prices, moments = written(tmp_path)
    frame = pd.DataFrame({"item_id": [3.0, None], "event_timestamp": [moments[-1]] * 2})
    found = store.get_historical_features(entity_df=frame, features=["items:price"]).to_df()
    assert found["price"].fillna(-1.0).tolist() == [prices[4][3], -1.0]


def test_a_frame_of_dask(tmp_path: Path) -> None:
    store, prices, moments = written(tmp_path)
    frame = dd.from_pandas(pd.DataFrame({"item_id": [4], "event_timestamp": [moments[1]]}), npartitions=1)
    found = store.get_historical_features(
        entity_df=frame, features=["items:price"], filter_by_created_timestamp=True
    ).to_df()
    assert found["price"].tolist() == [prices[1][4]]


def test_what_feast_would_read_wrongly_is_refused(tmp_path: Path) -> None:
    store, _, moments = written(tmp_path)
    with pytest.raises(ValueError, match="ask by an entity_df"):
        store.get_historical_features(features=["items:price"], start_date=BEGIN, end_date=moments[-1])
    with pytest.raises(ValueError, match="ask by an entity_df"):
        store.materialize(BEGIN, moments[-1], feature_views=["items"])
    source = store.get_feature_view("items").batch_source
    wanted = (store.config, source, ["item_id"], ["price"], "event_timestamp", "created_timestamp", BEGIN, moments[-1])
    for pull in ("pull_latest_from_table_or_query", "pull_all_from_table_or_query"):
        with pytest.raises(ValueError, match="ask by an entity_df"):
            getattr(VersionsOfflineStore, pull)(*wanted)


def test_a_first_write_that_broke_off_leaves_nothing_to_ask(tmp_path: Path) -> None:
    store, _, moments = written(tmp_path)
    for path in (Path(store.repo_path) / "items").iterdir():
        path.unlink()
    frame = pd.DataFrame({"item_id": [4], "event_timestamp": [moments[1]]})
    with pytest.raises(LookupError, match="materialize feature_store first"):
        store.get_historical_features(entity_df=frame, features=["items:price"]).to_df()


def test_a_frame_without_moments_is_refused(tmp_path: Path) -> None:
    store, _, _ = written(tmp_path)
    with pytest.raises(ValueError, match="event_timestamp"):
        store.get_historical_features(entity_df=pd.DataFrame({"item_id": [1]}), features=["items:price"])
