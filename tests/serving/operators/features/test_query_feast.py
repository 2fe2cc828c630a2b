from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from feature_repo.repository import FeatureRepository
from feature_repo.settings import StoreSettings
from feature_repo.users.user_state import user_state
from ops_gpu.graph.operator import Operator
from ops_gpu.primitives.ragged import Ragged
from ops_gpu.schema.column import ColumnSchema
from ops_gpu.schema.schema import Schema
from serving.operators.features.query_feast import QueryFeast
from serving.release.release import Release

FEATURES = Schema([ColumnSchema("country", "string"), ColumnSchema("score", "float64")])


@pytest.fixture(scope="module")
def shops(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two feature stores of the same people: `numbers` with integer ids, `texts` with string ids."""
    root = tmp_path_factory.mktemp("home")
    users = pl.DataFrame({"user_id": [1, 2, 3], "country": ["FR", None, "é"], "score": [0.5, 1.5, None]})
    events = pl.DataFrame(
        {
            "user_id": [1, 1, 1, 2],
            "item_id": [30, 10, 30, 20],
            "timestamp": pl.Series([10, 20, 30, 5]).cast(pl.Int64) * 1_000_000,
            "label": [True, False, True, True],
        }
    ).with_columns(pl.col("timestamp").cast(pl.Datetime("us")))
    for name, dtype in (("numbers", pl.Int64), ("texts", pl.String)):
        repository = FeatureRepository(root / "feast" / name, name, StoreSettings())
        ids = pl.col("user_id", "item_id").cast(dtype)
        state = user_state(users.with_columns(pl.col("user_id").cast(dtype)), events.with_columns(ids))
        repository.write("users", state, datetime(2020, 1, 1))
    (root / "releases" / "abc").mkdir(parents=True)
    return root


def bound(shops: Path, name: str, dtype: str) -> QueryFeast:
    operator = QueryFeast(f"../../feast/{name}", FEATURES.to_dict(), dtype, dtype)
    nothing: Any = None  # of a release, this operator asks for places alone
    release = Release(shops / "releases" / "abc", nothing)
    operator.bind(release)
    return operator


def test_features_and_complete_histories(shops: Path) -> None:
    result = bound(shops, "numbers", "int64").transform({"user_id": np.array([3, 1, 99, 2])})
    np.testing.assert_array_equal(result["known"], [True, True, False, True])  # type: ignore[arg-type]
    np.testing.assert_array_equal(result["country"], ["é".encode(), b"FR", b"", b""])  # type: ignore[arg-type]
    np.testing.assert_array_equal(result["score"], [np.nan, 0.5, np.nan, 1.5])  # type: ignore[arg-type]
    expected = {
        "history_item": [[], [10, 30], [], [20]],
        "history_count": [[], [1, 2], [], [1]],
        "history_last": [[], [20, 30], [], [5]],
        "history_positive": [[], [0, 2], [], [1]],
    }
    for name, lists in expected.items():
        column = result[name]
        assert isinstance(column, Ragged)
        assert [column[row].tolist() for row in range(4)] == lists


def test_string_ids_and_a_user_without_id(shops: Path) -> None:
    result = bound(shops, "texts", "string").transform({"user_id": np.array([b"1", b"", b"nobody"])})
    assert result["known"].tolist() == [True, False, False]  # type: ignore[union-attr]
    items = result["history_item"]
    assert isinstance(items, Ragged)
    assert items.values.tolist() == [b"10", b"30"]


def test_a_batch_gives_what_single_requests_give(shops: Path) -> None:
    operator = bound(shops, "numbers", "int64")
    ids = np.array([2, 99, 1, 3, 1])
    whole = operator.transform({"user_id": ids})
    for row, user in enumerate(ids):
        for name, column in operator.transform({"user_id": np.array([user])}).items():
            together = whole[name]
            np.testing.assert_array_equal(together[row], column[0])


def test_it_gives_the_columns_that_it_declares(shops: Path) -> None:
    operator = bound(shops, "numbers", "int64")
    result = operator.transform({"user_id": np.array([1])})
    schema = operator.output_schema(Schema())
    assert list(result) == schema.names == list(operator.output_names(()))
    for column in schema:
        given = result[column.name]
        assert isinstance(given, Ragged) == column.is_list
        dtype = given.values.dtype if isinstance(given, Ragged) else given.dtype
        assert dtype.kind == column.numpy_dtype.kind


def test_it_is_saved_as_json() -> None:
    operator = QueryFeast("../x", FEATURES.to_dict(), "string", "int64")
    assert Operator.from_dict(operator.to_dict()).to_dict() == operator.to_dict()
