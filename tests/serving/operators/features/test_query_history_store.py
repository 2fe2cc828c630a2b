"""QueryHistoryStore gives what QueryFeast gives, and sees what is written meanwhile."""

from __future__ import annotations

import time
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
from serving.operators.features.query_history_store import QueryHistoryStore
from serving.release.manifest import Manifest, ReleaseMetadata
from serving.release.release import Release
from serving.request.columns import Columns
from serving.stores.feature_store_error import FeatureStoreError
from serving.stores.user_history_store import UserHistoryStore

FEATURES = Schema(
    [
        ColumnSchema("country", "string"),
        ColumnSchema("score", "float64"),
        ColumnSchema("age", "int32"),
        ColumnSchema("adult", "bool"),
        ColumnSchema("tags", "string", is_list=True),
        ColumnSchema("sizes", "float32", is_list=True),
    ]
)
USERS = pl.DataFrame(
    {
        "user_id": [1, 2, 3, 10],
        "country": ["FR", None, "é", ""],
        "score": [0.5, 1.5, None, -2.0],
        "age": pl.Series([30, None, 0, -1], dtype=pl.Int32),
        "adult": [True, None, False, True],
        "tags": [["a", "bé"], [], None, ["", "c"]],
        "sizes": pl.Series([[1.5], None, [], [2.5, 3.5]], dtype=pl.List(pl.Float32)),
    }
)
EVENTS = pl.DataFrame(
    {
        "user_id": [1, 1, 1, 2],
        "item_id": [30, 10, 30, 20],
        "timestamp": pl.Series([10, 20, 30, 5]).cast(pl.Int64) * 1_000_000,
        "label": [True, False, True, True],
    }
).with_columns(pl.col("timestamp").cast(pl.Datetime("us")))
LATER = EVENTS.head(2).with_columns(user_id=pl.Series([2, 77]), timestamp=pl.col("timestamp").dt.offset_by("1h"))


def typed(frame: pl.DataFrame, dtype: Any) -> pl.DataFrame:
    return frame.with_columns(pl.col("user_id", *({"item_id"} & set(frame.columns))).cast(dtype))


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same people in Feast and in stores: `numbers` with integer ids, `texts` with string ids."""
    root = tmp_path_factory.mktemp("home")
    for name, dtype in (("numbers", pl.Int64), ("texts", pl.String)):
        state = user_state(typed(USERS, dtype), typed(EVENTS, dtype))
        FeatureRepository(root / "feast" / name, name, StoreSettings()).write("users", state, datetime(2020, 1, 1))
        UserHistoryStore.build(root / "histories" / name, state)
    (root / "releases" / "abc").mkdir(parents=True)
    return root


def bound(home: Path, operator: Any) -> Any:
    release = Release(home / "releases" / "abc", Manifest("x", "", "", ReleaseMetadata(), {}, {}))
    operator.bind(release)
    return operator


def store(home: Path, name: str, dtype: str) -> QueryHistoryStore:
    made = QueryHistoryStore(f"../../histories/{name}", FEATURES.to_dict(), dtype, dtype, 16, refresh_seconds=0.02)
    return bound(home, made)  # type: ignore[no-any-return]


def assert_same(mine: Columns, its: Columns) -> None:
    assert list(mine) == list(its)
    for name, column in its.items():
        other = mine[name]
        assert type(other) is type(column)
        values = [c.values if isinstance(c, Ragged) else c for c in (other, column)]
        np.testing.assert_array_equal(*values)
        assert values[0].dtype.kind == values[1].dtype.kind
        assert values[0].dtype.kind == "S" or values[0].dtype == values[1].dtype, name
        if isinstance(column, Ragged):
            np.testing.assert_array_equal(other.offsets, column.offsets)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("name", "dtype", "ids"),
    [
        ("numbers", "int64", np.array([3, 1, 99, 2, 1, 10])),
        ("texts", "string", np.array([b"1", b"", b"nobody", b"3", b"10", b"2", b"1"])),
        ("numbers", "int64", np.array([99])),
        ("texts", "string", np.array([b""])),
    ],
)
def test_the_columns_are_those_of_feast(home: Path, name: str, dtype: str, ids: Any) -> None:
    feast = bound(home, QueryFeast(f"../../feast/{name}", FEATURES.to_dict(), dtype, dtype))
    mine = store(home, name, dtype)
    for _ in range(2):
        assert_same(mine.transform({"user_id": ids}), feast.transform({"user_id": ids}))
    assert mine.output_schema(Schema()).to_dict() == feast.output_schema(Schema()).to_dict()
    assert mine.evidence() == feast.evidence()
    metrics = mine.store_metrics()
    assert metrics is not None and metrics.found == {"memory": len(ids), "disk": len(ids)}


def test_a_batch_gives_what_single_requests_give(home: Path) -> None:
    operator, ids = store(home, "texts", "string"), np.array([b"2", b"", b"1", b"3", b"1"])
    whole = operator.transform({"user_id": ids})
    for row, user in enumerate(ids):
        for name, column in operator.transform({"user_id": np.array([user])}).items():
            np.testing.assert_array_equal(whole[name][row], column[0])


@pytest.mark.parametrize(("name", "dtype", "kind"), [("numbers", "int64", pl.Int64), ("texts", "string", pl.String)])
def test_events_change_the_next_answer(home: Path, tmp_path: Path, name: str, dtype: str, kind: Any) -> None:
    """Pushed events give the history that the whole log gives, in another reader, while it answers."""
    path = home / "histories" / f"pushed-{name}"
    UserHistoryStore.build(path, user_state(typed(USERS, kind), typed(EVENTS, kind)))
    everything = user_state(typed(USERS, kind), typed(pl.concat([EVENTS, LATER]), kind))
    UserHistoryStore.build(home / "histories" / f"whole-{name}", everything)
    reader, whole = store(home, f"pushed-{name}", dtype), store(home, f"whole-{name}", dtype)
    users = np.array([1, 2, 3, 77]) if dtype == "int64" else np.array([b"1", b"2", b"3", b"77"])
    assert not reader.transform({"user_id": users})["known"][3]
    with UserHistoryStore.open(path, mode="write") as writer:
        writer.push(typed(LATER, kind))
        assert writer.read(users)[1].all(), "the writer itself sees it at once"
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline and not reader.transform({"user_id": users})["known"][3]:
            time.sleep(0.01)
        assert_same(reader.transform({"user_id": users}), whole.transform({"user_id": users}))
        writer.delete(users[:1])
        assert writer.read(users)[1].tolist() == [False, True, True, True]


def test_writes_that_do_not_fit_are_refused(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "store"
    state = user_state(USERS, EVENTS)
    UserHistoryStore.build(path, state)
    with UserHistoryStore.open(path, mode="write") as writer:
        with pytest.raises(ValueError, match="repeats 1 times"):
            writer.upsert(pl.concat([state, state.head(1)]))
        with pytest.raises(ValueError, match="no column 'age'"):
            writer.upsert(state.drop("age"))
        with pytest.raises(ValueError, match="item_id of an event must be Int64"):
            writer.push(EVENTS.with_columns(pl.col("item_id").cast(pl.String)))
        assert writer.read(np.array([1]))[1].all()
    with pytest.raises(ValueError, match="missing 1 times"):
        UserHistoryStore.build(path, typed(state, pl.String).with_columns(user_id=pl.Series(["", "a", "b", "c"])))


def test_a_store_that_is_not_there_or_was_built_for_others(home: Path) -> None:
    with pytest.raises(FeatureStoreError, match="is no store"):
        store(home, "nowhere", "int64")
    other = Schema([ColumnSchema("country", "int64")])
    with pytest.raises(ValueError, match=r"'country' of the store .* is string, expected int64"):
        bound(home, QueryHistoryStore("../../histories/numbers", other.to_dict()))
    with pytest.raises(
        ValueError, match=r"'history_item' of the store .* is a list of string, expected a list of int64"
    ):
        bound(home, QueryHistoryStore("../../histories/texts", FEATURES.to_dict(), "string", "int64"))
    with pytest.raises(ValueError, match="no column 'weight'"):
        bound(home, QueryHistoryStore("../../histories/numbers", Schema([ColumnSchema("weight")]).to_dict()))
    with pytest.raises(ValueError, match="user_id"):
        bound(home, QueryHistoryStore("../../histories/texts", {"columns": []}, "int64", "string"))


def test_a_store_that_does_not_answer_is_an_error_of_the_feature_store(home: Path) -> None:
    operator = store(home, "numbers", "int64")
    operator._reader.close()
    with pytest.raises(FeatureStoreError, match="closed"):
        operator.transform({"user_id": np.array([1])})


def test_it_is_saved_as_json() -> None:
    operator = QueryHistoryStore("../x", FEATURES.to_dict(), "string", "int64", 64.0, 1.0)
    assert Operator.from_dict(operator.to_dict()).to_dict() == operator.to_dict()


def test_a_store_that_is_away_degrades_answers_until_it_is_back(tmp_path: Path) -> None:
    operator = QueryHistoryStore("histories", FEATURES.to_dict(), memory_mb=8)
    operator.bind_tolerantly(Release(tmp_path, Manifest("x", "", "", ReleaseMetadata(), {}, {})))
    assert operator.store_metrics() is None
    users = {"user_id": np.array([1, 99])}
    away = operator.transform(users)
    assert np.all(away["degraded"]) and not np.any(away["known"])  # type: ignore[arg-type]
    UserHistoryStore.build(tmp_path / "histories", user_state(USERS, EVENTS))
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and np.all(away["degraded"]):  # type: ignore[arg-type]
        away = operator.transform(users)
        time.sleep(0.05)
    assert away["known"].tolist() == [True, False]  # type: ignore[union-attr]
    metrics = operator.store_metrics()
    assert metrics is not None and metrics.rows >= 2


def test_a_store_built_in_the_place_of_another_is_taken_over(home: Path) -> None:
    path, users = home / "histories" / "rebuilt", {"user_id": np.array([1, 77])}
    UserHistoryStore.build(path, user_state(USERS, EVENTS))
    reader = store(home, "rebuilt", "int64")
    assert reader.transform(users)["known"].tolist() == [True, False]  # type: ignore[union-attr]
    UserHistoryStore.build(path, user_state(USERS, pl.concat([EVENTS, LATER])))
    assert until_known(reader, users)
    with UserHistoryStore.open(path, mode="write") as writer:
        writer.delete(np.array([77]))
    UserHistoryStore.build(path, user_state(USERS.drop("score"), pl.concat([EVENTS, LATER])))
    time.sleep(0.2)
    assert reader.transform(users)["known"][0], "one that does not fit is not taken over"


def until_known(reader: QueryHistoryStore, users: Columns) -> bool:
    """Whether all users come to be known within some seconds."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        if np.all(reader.transform(users)["known"]):  # type: ignore[arg-type]
            return True
        time.sleep(0.01)
    return False
