from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq  # type: ignore[import-untyped]
import pytest
from pydantic import ValidationError

from feature_repo.users.log_days import LogDays
from ops_gpu.interactions.days.history_run import HistoryRun
from ops_gpu.interactions.days.user_histories import UserHistories
from resources.feature_store import FeatureStoreResource

USERS = pl.DataFrame({"user_id": ["a", "é", "c"], "country": ["FR", None, "DE"], "score": [1.5, None, 2.0]})
ITEMS = pl.DataFrame({"item_id": [7, 8], "title": ["T", None], "available": [True, False], "genres": [["a"], []]})
EVENTS = pl.DataFrame(
    {
        "user_id": ["a", "a", "é", "z"],
        "item_id": [7, 8, 8, 8],
        "timestamp": [datetime(2020, 1, day) for day in (1, 2, 3, 4)],
        "label": [True, False, True, True],
    }
)
AS_OF = datetime(2020, 1, 5)


@pytest.fixture
def redis_address() -> Iterator[str]:
    fake = pytest.importorskip("fakeredis", reason="fakeredis is not installed: Feast's Redis store is not tried")
    server = fake.TcpFakeServer(("127.0.0.1", 0))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def check(store: FeatureStoreResource) -> None:
    written = store.publish("my-shop", USERS, ITEMS, EVENTS, AS_OF)
    assert (written["users"].rows, written["items"].rows) == (4, 2)
    assert store.mismatches("my-shop") == 0
    again = store.publish("my-shop", USERS.head(2), ITEMS, EVENTS.head(3).lazy(), AS_OF)
    assert (again["users"].rows, again["users"].removed, again["items"].changed) == (2, 2, 0)
    assert store.mismatches("my-shop") == 0


def test_publish_on_sqlite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECSYS_HOME", str(tmp_path))
    store = FeatureStoreResource()
    check(store)
    assert store.folder("my-shop") == tmp_path / "feast" / "my-shop"
    assert (tmp_path / "feast" / "my-shop" / "online.db").exists()


def test_publish_on_redis(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, redis_address: str) -> None:
    monkeypatch.setenv("RECSYS_HOME", str(tmp_path))
    check(FeatureStoreResource(online_store="redis", connection_string=redis_address))
    assert not (tmp_path / "feast" / "my-shop" / "online.db").exists()


def test_settings() -> None:
    settings = FeatureStoreResource(ttl_days=1.5, keep_days=2).settings()
    assert (settings.ttl, settings.keep) == (timedelta(hours=36), timedelta(days=2))
    with pytest.raises(ValueError, match="has no connection_string"):
        FeatureStoreResource(online_store="redis").settings()
    with pytest.raises(ValidationError):
        FeatureStoreResource(online_store="cassandra")  # type: ignore[arg-type]


def days(log: pl.DataFrame, corrected: int = 0) -> LogDays:
    """All days of a log, one of which is said to be another than it was."""
    events = log.with_columns(pl.col("timestamp").cast(pl.Datetime("us")))
    every = log["timestamp"].dt.date().unique()
    contents = {day: f"content {day}{' corrected' * (day.day == corrected)}" for day in every.to_list()}
    return LogDays(contents, UserHistories([HistoryRun.of_events(events)]))


def refuse(*_: object) -> None:
    raise AssertionError("all histories are made anew")


def test_a_day_that_is_added_makes_no_history_of_others_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECSYS_HOME", str(tmp_path))
    store, later = FeatureStoreResource(), datetime(2020, 1, 9)
    store.publish("my-shop", USERS, ITEMS, EVENTS, AS_OF, days(EVENTS))
    pushed = EVENTS.head(1).with_columns(timestamp=pl.lit(datetime(2020, 1, 8)).cast(pl.Datetime("us")))
    store.push("my-shop", pushed)
    log = pl.concat([EVENTS, pushed, EVENTS.tail(1).with_columns(timestamp=pushed["timestamp"])])
    with monkeypatch.context() as strict:
        strict.setattr("feature_repo.users.user_state.user_states", refuse)
        written = store.publish("my-shop", USERS, ITEMS, log, later, days(log))["users"]
        assert (written.rows, written.changed, written.versions) == (4, 2, 6)
        before, added = store.repository("my-shop").versions("users").paths
        assert (pl.read_parquet(before).height, pl.read_parquet(added).height) == (4, 2), "others are not written again"
        with pytest.raises(AssertionError, match="anew"):
            store.publish("my-shop", USERS, ITEMS, log, later, days(log, 8))
    store.publish("fresh", USERS, ITEMS, log, later)
    columns = ["user_id", "country", "score", "history_item", "history_count", "history_last", "history_positive"]
    grown, fresh = (store.repository(name).newest("users", columns).sort("user_id") for name in ("my-shop", "fresh"))
    assert grown.equals(fresh)
    assert store.mismatches("my-shop") == 0


def test_a_publication_that_broke_off_is_followed_by_a_whole_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECSYS_HOME", str(tmp_path))
    store = FeatureStoreResource()
    store.publish("my-shop", USERS, ITEMS, EVENTS.head(3), AS_OF, days(EVENTS.head(3)))
    with monkeypatch.context() as broken:
        broken.setattr(pq.ParquetWriter, "write_table", lambda *_, **__: (_ for _ in ()).throw(OSError("disk full")))
        with pytest.raises(OSError, match="disk full"):
            store.publish("my-shop", USERS, ITEMS, EVENTS, AS_OF, days(EVENTS))
    store.publish("my-shop", USERS, ITEMS, EVENTS, AS_OF, days(EVENTS))
    histories = store.repository("my-shop").newest("users", ["user_id", "history_item"]).sort("user_id")
    assert histories["history_item"].to_list() == [[7, 8], [], [8], [8]]
    assert store.mismatches("my-shop") == 0


def test_a_journal_that_was_lost_counts_nothing_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECSYS_HOME", str(tmp_path))
    store, moment = FeatureStoreResource(), datetime(2020, 1, 8)
    store.publish("my-shop", USERS, ITEMS, EVENTS, AS_OF, days(EVENTS))
    pushed = EVENTS.head(1).with_columns(timestamp=pl.lit(moment).cast(pl.Datetime("us")))
    store.push("my-shop", pushed)
    store.publish("my-shop", USERS, ITEMS, EVENTS, AS_OF, days(EVENTS))
    for file in store.folder("my-shop").glob("pushed.db*"):
        file.unlink()
    log = pl.concat([EVENTS, pushed])
    store.publish("my-shop", USERS, ITEMS, log, moment, days(log))
    histories = store.repository("my-shop").newest("users", ["user_id", "history_item", "history_count"])
    [mine] = histories.filter(pl.col("user_id") == "a").rows()
    assert mine == ("a", [8, 7], [1.0, 2.0])
