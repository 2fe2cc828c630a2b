"""Fixtures that several packages' tests use."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pytest
from hypothesis import settings

from resources.home import Home
from tests.tiny import NAME, Tiny

if TYPE_CHECKING:
    from tests.scheduler import Scheduler

# Tests share their cores with others, and the first call of compiled code reads it.
settings.register_profile("shared cores", deadline=None)
settings.load_profile("shared cores")

YAML = """type: recsys_assets.Recommender
attributes:
  description: Little shop.
  interactions:
    source:
      path: logs/*.csv
    user: user
    item: item
    time: time
    label: stars >= 4
  items:
    source:
      path: items.csv
    id: item
    title: name
    categorical: [kind]
"""
FIRST_DAY = date(2024, 1, 1)


def pytest_make_parametrize_id(val: object, argname: str) -> None:
    """Refuses ids that pytest would make of bytes: what they are made from may change from moment to moment."""
    if isinstance(val, (bytes, bytearray, memoryview)):
        raise pytest.UsageError(f"{argname} is parametrised with bytes, {bytes(val[:20])!r}...; give `ids=`.")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> Scheduler:
    """Several workers share out the tests as `Scheduler` does."""
    from tests.scheduler import Scheduler

    return Scheduler(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Refuses tests that would make what others share once more, on another worker."""
    from tests.scheduler import GROUPS, SHARED

    for item in items:
        file = item.nodeid.partition("::")[0]
        for fixture in set(SHARED).intersection(getattr(item, "fixturenames", ())):
            if GROUPS.get(file) != fixture:
                raise pytest.UsageError(f"{file} uses {fixture!r}; name it in tests/scheduler.py.")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """An empty home of its own."""
    monkeypatch.setenv("RECSYS_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("RECSYS_RECOMMENDERS", raising=False)
    return Home.from_environment()


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """Folder `shop` of a recommender: 3 days of logs, 8 users, 10 items, integer ids."""
    folder = tmp_path / "shop"
    (folder / "logs").mkdir(parents=True)
    (folder / "defs.yaml").write_text(YAML)
    for day in range(3):
        write_day(folder, FIRST_DAY + timedelta(days=day))
    items = {"item": range(1, 11), "name": [f"Thing {i}" for i in range(1, 11)], "kind": ["a", "b"] * 5}
    pl.DataFrame(items).write_csv(folder / "items.csv")
    return folder


def write_day(folder: Path, day: date, rows: int = 20) -> Path:
    """Writes one day of the shop's log: every user in turn, items in turn, stars 1 to 5 in turn."""
    start = datetime(day.year, day.month, day.day, 8)
    path = folder / "logs" / f"{day}.csv"
    pl.DataFrame(
        {
            "user": [1 + i % 8 for i in range(rows)],
            "item": [1 + (i + day.day) % 10 for i in range(rows)],
            "time": [(start + timedelta(minutes=i)).isoformat() for i in range(rows)],
            "stars": [1 + i % 5 for i in range(rows)],
        }
    ).write_csv(path)
    return path


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tiny]:
    """A small recommender, materialized and live on a Triton server of its own."""
    made = Tiny.make(tmp_path_factory.mktemp("größere Projekte"))  # paths as people have them
    try:
        made.json("materialize", NAME)
        yield made
    finally:
        made.recsys("stop")
