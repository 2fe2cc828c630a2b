from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from pydantic import ValidationError

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
