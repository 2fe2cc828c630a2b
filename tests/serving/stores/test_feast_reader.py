from __future__ import annotations

import gc
import sqlite3
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shutil import rmtree

import numpy as np
import polars as pl
import pytest

from feature_repo.repository import FeatureRepository
from feature_repo.settings import StoreSettings
from ops_gpu.schema.column import ColumnSchema
from ops_gpu.schema.schema import Schema
from serving.stores.feast_reader import FeastReader
from serving.stores.feature_store_error import FeatureStoreError

KEY = ColumnSchema("item_id", "int64")
COLUMNS = Schema([ColumnSchema("price", "float64")])


def written(folder: Path, ttl: timedelta = timedelta(0), as_of: datetime | None = None) -> FeatureRepository:
    repository = FeatureRepository(folder, "shop", StoreSettings(ttl=ttl))
    frame = pl.DataFrame({"item_id": list(range(1, 2502)), "price": [float(k) for k in range(1, 2502)]})
    repository.write("items", frame, as_of or datetime.now(UTC))
    return repository


def test_batches_of_any_size_and_order(tmp_path: Path) -> None:
    written(tmp_path)
    reader = FeastReader(tmp_path, "items", KEY, COLUMNS)
    ids = np.array([*range(2501, 0, -1), 9999, 5, 5])
    columns, known = reader.read(ids)
    np.testing.assert_array_equal(columns["price"], np.where(ids <= 2501, ids, np.nan))  # type: ignore[arg-type]
    np.testing.assert_array_equal(known, ids <= 2501)
    empty, nobody = reader.read(np.empty(0, np.int64))
    assert len(nobody) == 0
    assert len(empty["price"]) == 0  # type: ignore[arg-type]


def test_what_is_older_than_the_lifetime_is_missing(tmp_path: Path) -> None:
    """Feast itself gives values of any age online, and calls them present (feast#6821)."""
    written(tmp_path, ttl=timedelta(days=1), as_of=datetime.now(UTC) - timedelta(hours=1))
    now = FeastReader(tmp_path, "items", KEY, COLUMNS)
    later = FeastReader(tmp_path, "items", KEY, COLUMNS, clock=lambda: time.time() + 86_400)
    assert now.read(np.array([1]))[1].tolist() == [True]
    columns, known = later.read(np.array([1]))
    assert known.tolist() == [False]
    assert np.isnan(columns["price"]).all()  # type: ignore[arg-type]


def test_a_reader_sees_what_was_written_after_it_was_opened(tmp_path: Path) -> None:
    repository = written(tmp_path)
    reader = FeastReader(tmp_path, "items", KEY, COLUMNS)
    assert reader.read(np.array([1]))[1].tolist() == [True]
    repository.write("items", pl.DataFrame({"item_id": [2, 3], "price": [0.5, None]}), datetime.now(UTC))
    columns, known = reader.read(np.array([1, 2, 3]))
    assert known.tolist() == [False, True, True]
    np.testing.assert_array_equal(columns["price"], [np.nan, 0.5, np.nan])  # type: ignore[arg-type]


def test_a_store_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(FeatureStoreError, match="cannot be read") as raised:
        FeastReader(tmp_path, "items", KEY, COLUMNS)
    assert str(tmp_path) in str(raised.value)
    written(tmp_path)
    with pytest.raises(FeatureStoreError, match="users"):
        FeastReader(tmp_path, "users", KEY, COLUMNS)


def test_an_online_store_that_does_not_answer_is_told(tmp_path: Path) -> None:
    written(tmp_path)
    reader = FeastReader(tmp_path, "items", KEY, COLUMNS)
    for file in tmp_path.glob("online.db*"):
        file.unlink()
    with pytest.raises(FeatureStoreError, match=r"FileNotFoundError: .*online\.db") as raised:
        reader.read(np.array([1]))
    assert "\n" not in str(raised.value)
    assert not (tmp_path / "online.db").exists(), "an empty one would look like a store without users"


def test_a_store_that_was_replaced_is_read_anew(tmp_path: Path) -> None:
    repository = written(tmp_path)
    reader = FeastReader(tmp_path, "items", KEY, COLUMNS)
    assert reader.read(np.array([1]))[0]["price"].tolist() == [1.0]  # type: ignore[union-attr]
    for file in tmp_path.glob("online.db*"):
        file.unlink()
    with pytest.raises(FeatureStoreError):
        reader.read(np.array([1]))
    rmtree(tmp_path / "items")
    repository = FeatureRepository(tmp_path, "shop", StoreSettings())
    repository.write("items", pl.DataFrame({"item_id": [1], "price": [7.0]}), datetime.now(UTC))
    assert reader.read(np.array([1]))[0]["price"].tolist() == [7.0]  # type: ignore[union-attr]


def test_a_file_that_somebody_locks_is_not_waited_for_long(tmp_path: Path) -> None:
    written(tmp_path)
    gc.collect()  # closes the connection that wrote
    with closing(sqlite3.connect(tmp_path / "online.db", isolation_level=None)) as writer:
        writer.execute("PRAGMA journal_mode = DELETE")
        reader = FeastReader(tmp_path, "items", KEY, COLUMNS)
        assert reader.never_hangs
        writer.execute("BEGIN EXCLUSIVE")
        start = time.monotonic()
        with pytest.raises(FeatureStoreError, match="locked"):
            reader.read(np.array([1]))
        assert time.monotonic() - start < 2
        writer.execute("ROLLBACK")
    assert reader.read(np.array([1]))[1].tolist() == [True]
