from __future__ import annotations

import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from feature_repo.repository import FeatureRepository
from feature_repo.settings import StoreSettings
from ops_gpu.schema.column import ColumnSchema
from ops_gpu.schema.schema import Schema
from serving.stores.feast_reader import FeastReader
from serving.stores.sqlite_rows import SqliteRows

NOW = datetime.now(UTC)


def written(folder: Path, frame: pl.DataFrame, as_of: datetime = NOW, ttl: timedelta = timedelta(0)) -> None:
    FeatureRepository(folder, "shop", StoreSettings(ttl=ttl)).write("users", frame, as_of)


def opened(folder: Path) -> Any:
    from feast import FeatureStore

    return FeatureStore(repo_path=str(folder))


def keys(*ids: int) -> list[Any]:
    from feast.protos.feast.types.EntityKey_pb2 import EntityKey
    from feast.protos.feast.types.Value_pb2 import Value

    return [EntityKey(join_keys=["user_id"], entity_values=[Value(int64_val=value)]) for value in ids]


@pytest.fixture(params=["UTC", "America/New_York"])
def zone(request: pytest.FixtureRequest) -> Iterator[str]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", request.param)
        time.tzset()
        yield request.param
    time.tzset()


def test_rows_are_those_that_feast_reads(tmp_path: Path, zone: str) -> None:
    frame = pl.DataFrame({"user_id": [1, 2, 3], "city": ["Bern", None, ""], "seen": [[5, 6], [], [7]]})
    written(tmp_path, frame, NOW - timedelta(hours=3))
    written(tmp_path, frame.filter(pl.col("user_id") < 3).with_columns(city=pl.lit("Rom")))
    store = opened(tmp_path)
    view = store.get_feature_view("users")
    asked = keys(3, 1, 99, 2, 1)
    expected = store.provider.online_read(store.config, view, asked, None)
    assert SqliteRows(store, view).read(asked) == expected
    assert expected[2] == (None, None) and expected[1][1]["city"].string_val == "Rom"


def test_a_feature_that_was_dropped_makes_no_user_old(tmp_path: Path) -> None:
    """Feast itself takes the time of whichever feature comes last."""
    ttl = timedelta(days=30)
    both = pl.DataFrame({"user_id": [1, 2], "age": [4, 5], "city": ["a", "b"]})
    written(tmp_path, both, NOW - timedelta(days=100), ttl)
    written(tmp_path, both.drop("age").with_columns(city=pl.lit("c")), NOW, ttl)
    reader = FeastReader(tmp_path, "users", ColumnSchema("user_id", "int64"), Schema([ColumnSchema("city", "string")]))
    assert reader.read(np.array([1, 2]))[1].tolist() == [True, True]


def test_a_file_that_is_gone_is_not_made(tmp_path: Path) -> None:
    written(tmp_path, pl.DataFrame({"user_id": [1], "age": [4]}))
    store = opened(tmp_path)
    rows = SqliteRows(store, store.get_feature_view("users"))
    assert not rows.replaced
    file = tmp_path / "online.db"
    os.link(file, tmp_path / "kept.db")  # so that its number is not given to the next file
    file.unlink()
    with pytest.raises(FileNotFoundError):
        rows.replaced  # noqa: B018 - it looks
    with pytest.raises(FileNotFoundError):
        SqliteRows(store, store.get_feature_view("users"))
    file.touch()
    assert rows.replaced
