"""Events that are pushed: what the online store says, before and after the logs know them."""

from __future__ import annotations

import shutil
import statistics
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import polars as pl
import pyarrow.parquet as pq  # type: ignore[import-untyped]
import pytest

from feature_repo.pushed_events import PushedEvents, pushed_users
from feature_repo.repository import FeatureRepository
from ops_gpu.schema.schema import Schema
from resources.feature_store import FeatureStoreResource
from resources.home import Home
from serving.operators.features.query_feast import QueryFeast
from serving.request.frames import to_frame
from tests.resources.test_feature_store import AS_OF, EVENTS, ITEMS, USERS, redis_address

__all__ = ["redis_address"]
NAME = "my-shop"
FEATURES = Schema.from_polars(USERS.drop("user_id"))


@pytest.fixture(params=["sqlite", "redis"])
def store(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FeatureStoreResource:
    monkeypatch.setenv("RECSYS_HOME", str(tmp_path))
    if request.param == "redis":
        address = request.getfixturevalue("redis_address")
        made = FeatureStoreResource(online_store="redis", connection_string=address)
    else:
        made = FeatureStoreResource()
    made.publish(NAME, USERS, ITEMS, EVENTS, AS_OF)
    return made


def event(user: str, item: int, day: int, label: bool = True) -> pl.DataFrame:
    moment = datetime(2020, 1, day)
    return pl.DataFrame({"user_id": [user], "item_id": [item], "timestamp": [moment], "label": [label]})


def online(store: FeatureStoreResource, *users: str) -> dict[str, tuple[Any, ...]]:
    """Items, counts and successes of the histories, features, and whether the user is known, as they are served."""
    operator = QueryFeast(str(store.folder(NAME)), FEATURES.to_dict(), "string", "int64")
    release: Any = SimpleNamespace(outside=lambda path: Path("/") / path)
    operator.bind(release)
    columns = operator.transform({"user_id": np.array([user.encode() for user in users], "S")})
    frame = to_frame(columns).select(
        "history_item", "history_count", "history_positive", "country", pl.col("score").fill_nan(None), "known"
    )
    return dict(zip(users, frame.rows(), strict=True))


def test_a_push_is_what_the_logs_will_say(store: FeatureStoreResource) -> None:
    before = online(store, "a", "é", "c", "z")
    pushed = pl.concat([event("a", 7, 6, False), event("c", 8, 6), event("a", 7, 7), event("z", 7, 8)])
    assert store.push(NAME, pushed) == 3
    assert store.push(NAME, event("a", 8, 9)) == 1  # within the same second
    after = online(store, "a", "é", "c", "z")
    assert after["é"] == before["é"]
    assert after["a"] == ([7, 8], [3, 2], [2, 1], "FR", 1.5, True)
    assert after["c"] == ([8], [1], [1], "DE", 2.0, True)
    assert after["z"] == ([8, 7], [1, 1], [1, 1], "", None, True)
    assert store.mismatches(NAME) == 0
    logs = pl.concat([EVENTS, pushed, event("a", 8, 9)])
    store.publish(NAME, USERS, ITEMS, logs, datetime(2020, 1, 10))
    assert online(store, "a", "é", "c", "z") == after
    assert pushed_users(store.folder(NAME)) == []
    assert store.mismatches(NAME) == 0


def test_a_user_whom_nobody_knew(store: FeatureStoreResource) -> None:
    assert online(store, "new")["new"] == ([], [], [], "", None, False)
    store.push(NAME, event("new", 7, 6))
    assert online(store, "new")["new"] == ([7], [1], [1], "", None, True)
    store.publish(NAME, USERS, ITEMS, EVENTS, AS_OF)
    assert online(store, "new")["new"] == ([7], [1], [1], "", None, True)
    assert store.mismatches(NAME) == 0


def test_the_journal_outlives_snapshots_that_are_older(store: FeatureStoreResource) -> None:
    store.push(NAME, event("a", 8, 6))
    after = online(store, "a")
    for _ in range(2):
        store.publish(NAME, USERS, ITEMS, EVENTS, AS_OF)
        assert online(store, "a") == after
        store.push(NAME, event("c", 7, 7))
    assert online(store, "c")["c"][:2] == ([7], [2])
    assert pushed_users(store.folder(NAME)) == ["a", "c"]
    assert store.mismatches(NAME) == 0


def test_a_feature_of_ones_own_is_compared_whatever_was_pushed(
    store: FeatureStoreResource, monkeypatch: pytest.MonkeyPatch
) -> None:
    users = USERS.with_columns(history_days=pl.lit(1.0))
    store.publish(NAME, users, ITEMS, EVENTS, AS_OF)
    store.push(NAME, event("a", 8, 6))
    assert store.mismatches(NAME) == 0
    other = users.with_columns(history_days=pl.when(pl.col("user_id") == "a").then(2.0).otherwise("history_days"))
    with monkeypatch.context() as broken:  # online it is written first
        broken.setattr(pq.ParquetWriter, "write_table", lambda *_, **__: (_ for _ in ()).throw(OSError("disk full")))
        with pytest.raises(OSError, match="disk full"):
            store.publish(NAME, other, ITEMS, EVENTS, AS_OF)
    assert store.mismatches(NAME) == 1


def test_an_event_outlives_the_day_in_which_the_log_ends(store: FeatureStoreResource) -> None:
    """Log until the 4th, 0:00; published as of the end of that day; an event at 10:00; published so again."""
    store.push(NAME, event("a", 7, 4).with_columns(pl.col("timestamp") + pl.duration(hours=10)))
    after = online(store, "a")
    for _ in range(2):
        store.publish(NAME, USERS, ITEMS, EVENTS, AS_OF)
        assert online(store, "a") == after and after["a"][0] == [8, 7]
    logged = event("a", 7, 4).with_columns(pl.col("timestamp") + pl.duration(hours=10, seconds=1))
    store.publish(NAME, USERS, ITEMS, pl.concat([EVENTS, logged]), AS_OF)
    assert online(store, "a")["a"][:2] == ([8, 7], [1, 2]), "once, and not twice"
    assert pushed_users(store.folder(NAME)) == []


def test_what_the_logs_never_held_goes_when_they_are_past_it(store: FeatureStoreResource) -> None:
    before = online(store, "a", "new")
    store.push(NAME, pl.concat([event("a", 8, 6), event("new", 8, 6)]))
    pushed = online(store, "a", "new")
    later = pl.concat([EVENTS, event("z", 8, 7)])
    store.publish(NAME, USERS, ITEMS, later, datetime(2020, 1, 8))
    assert online(store, "a", "new") == pushed != before, "logs may come late"
    impatient = store.model_copy(update={"pushed_days": 0.0})
    impatient.publish(NAME, USERS, ITEMS, EVENTS, AS_OF)
    assert online(store, "a", "new") == pushed, "these logs end before it"
    impatient.publish(NAME, USERS, ITEMS, later, datetime(2020, 1, 8))
    assert online(store, "a", "new") == before
    assert pushed_users(store.folder(NAME)) == []
    assert store.mismatches(NAME) == 0


def test_a_store_that_fails_keeps_no_half(store: FeatureStoreResource, monkeypatch: pytest.MonkeyPatch) -> None:
    before = online(store, "a")

    def broken(*_: object) -> None:
        raise OSError("no space left")

    with monkeypatch.context() as patched:
        patched.setattr(FeatureRepository, "write_online", broken)
        with pytest.raises(OSError, match="no space"):
            store.push(NAME, event("a", 8, 6))
    assert pushed_users(store.folder(NAME)) == []
    assert online(store, "a") == before


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (event("a", 7, 6).with_columns(user_id=pl.lit(7)), "user_id of an event must be String, got Int32"),
        (event("a", 7, 6).with_columns(item_id=pl.lit("7")), "item_id of an event must be Int64, got String"),
        (event("a", 7, 6).with_columns(user_id=pl.lit(None, pl.String)), "user_id of .* String with nulls"),
        (event("a", 7, 6).with_columns(timestamp=pl.lit(7)), "timestamp of an event must be Datetime, got Int32"),
        (event("a", 7, 6).drop("label"), "label of an event must be Boolean, got no such column"),
    ],
)
def test_events_that_cannot_be(bad: pl.DataFrame, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECSYS_HOME", str(tmp_path))
    store = FeatureStoreResource()
    with pytest.raises(FileNotFoundError, match="materialize feature_store before"):
        store.push(NAME, bad)
    store.publish(NAME, USERS, ITEMS, EVENTS, AS_OF)
    with pytest.raises(ValueError, match=reason):
        store.push(NAME, bad)
    assert store.push(NAME, event("a", 7, 6).clear()) == 0
    assert pushed_users(store.folder(NAME)) == []


def test_moments_of_other_zones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECSYS_HOME", str(tmp_path))
    store = FeatureStoreResource()
    store.publish(NAME, USERS, ITEMS, EVENTS, AS_OF)
    local = pl.col("timestamp").dt.replace_time_zone("Asia/Tokyo")
    store.push(NAME, event("c", 7, 6).with_columns(local))
    hour = pl.col("timestamp") + pl.duration(hours=15)  # 0:00 in Tokyo
    store.publish(NAME, USERS, ITEMS, pl.concat([EVENTS, event("c", 7, 6)]), AS_OF)
    assert online(store, "c")["c"][:2] == ([7], [2])
    store.publish(NAME, USERS, ITEMS, pl.concat([EVENTS, event("c", 7, 5).with_columns(hour)]), AS_OF)
    assert online(store, "c")["c"][:2] == ([7], [1]) and pushed_users(store.folder(NAME)) == []


@pytest.mark.parametrize("ahead", [timedelta(minutes=6), timedelta(days=400)], ids=["minutes", "days"])
def test_an_event_of_the_future_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ahead: timedelta) -> None:
    monkeypatch.setenv("RECSYS_HOME", str(tmp_path))
    store, now = FeatureStoreResource(), datetime.now(UTC).replace(tzinfo=None)
    store.publish(NAME, USERS, ITEMS, EVENTS, AS_OF)
    with pytest.raises(ValueError, match="must not lie in the future, in UTC, got"):
        store.push(NAME, event("c", 7, 6).with_columns(timestamp=pl.lit(now + ahead)))
    assert store.push(NAME, event("c", 7, 6).with_columns(timestamp=pl.lit(now + timedelta(minutes=1)))) == 1


def test_a_push_takes_as_long_whatever_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In turns, so that whatever else the machine does meets both; the whole journal was read, at 20 times the time."""
    monkeypatch.setenv("RECSYS_HOME", str(tmp_path))
    store, seconds = FeatureStoreResource(), dict[str, list[float]](empty=[], full=[])
    for name in seconds:
        store.publish(name, USERS, ITEMS, EVENTS, AS_OF)
    many = pl.DataFrame({"user_id": [f"u{n % 5000}" for n in range(60_000)]}).with_columns(
        item_id=pl.lit(7, pl.Int64), timestamp=pl.lit(datetime(2020, 1, 6)), label=pl.lit(True)
    )
    ids = {"user_id": many.schema["user_id"], "item_id": many.schema["item_id"]}
    with PushedEvents(store.folder("full"), ids).appended(many):
        pass
    for number in range(12):
        for name, taken in seconds.items():
            start = time.perf_counter()
            store.push(name, event("a", 8, 6 + number))
            taken.append(time.perf_counter() - start)
    empty, full = (statistics.median(taken[2:]) for taken in seconds.values())
    assert full < 2 * empty


def test_a_store_that_is_moved_knows_its_users(store: FeatureStoreResource, tmp_path: Path) -> None:
    """All users but those who had changed since became strangers, and no materialization mended it."""
    store.push(NAME, event("a", 8, 6))
    before, home = online(store, "a", "é", "c", "z"), tmp_path / "feast"
    for place in ("moved", "moved #2 ö"):
        home = home.rename(tmp_path / place)
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(Home, "feast", lambda self, name, home=home: home / name)
            assert online(store, "a", "é", "c", "z") == before
            store.publish(NAME, USERS, ITEMS, EVENTS, AS_OF)
            assert online(store, "a", "é", "c", "z") == before and store.mismatches(NAME) == 0
            store.push(NAME, event("c", 7, 7))
            assert online(store, "c") != before
            store.publish(NAME, USERS, ITEMS, EVENTS, AS_OF)
            before = online(store, "a", "é", "c", "z")


def test_a_copy_of_a_store_does_not_write_into_the_other(store: FeatureStoreResource, tmp_path: Path) -> None:
    before = online(store, "a", "c")
    shutil.copytree(tmp_path / "feast", tmp_path / "copy")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Home, "feast", lambda self, name: tmp_path / "copy" / name)
        if store.online_store == "redis":
            with pytest.raises(FileNotFoundError, match="is a copy, and nothing was written to its online store yet"):
                store.push(NAME, event("a", 8, 6))
            store.publish(NAME, USERS, ITEMS, EVENTS, AS_OF)
        assert online(store, "a", "c") == before
        store.push(NAME, event("a", 8, 6))
        assert online(store, "a", "c") != before
    assert online(store, "a", "c") == before and pushed_users(store.folder(NAME)) == []


PUSHER = """
import sys
import polars as pl
import pyarrow.parquet as pq  # type: ignore[import-untyped]
from datetime import UTC, datetime, timedelta
from resources.feature_store import FeatureStoreResource
from resources.home import Home
store = FeatureStoreResource()
for item in (7, 8) * 5:
    row = {"user_id": ["a", sys.argv[1]], "item_id": [item] * 2, "timestamp": [datetime(2020, 1, 6)] * 2}
    store.push("my-shop", pl.DataFrame({**row, "label": [True] * 2}))
"""


def test_two_processes_that_push_at_once_lose_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECSYS_HOME", str(tmp_path))
    store = FeatureStoreResource()
    store.publish(NAME, USERS, ITEMS, EVENTS, AS_OF)
    pushers = [subprocess.Popen([sys.executable, "-c", PUSHER, user]) for user in ("c", "é")]
    while any(pusher.poll() is None for pusher in pushers):
        store.publish(NAME, USERS, ITEMS, EVENTS, AS_OF)
    assert [pusher.returncode for pusher in pushers] == [0, 0]
    found = online(store, "a", "c", "é")
    assert {user: row[1] for user, row in found.items()} == {"a": [11, 11], "c": [5, 5], "é": [5, 6]}
    assert store.mismatches(NAME) == 0
