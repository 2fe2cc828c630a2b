"""A home with tables and releases as assets write them, for a recommender of toy operators."""

from __future__ import annotations

from datetime import datetime

import polars as pl
import pytest

from recsys_assets.explore.explorer import Explorer
from resources.home import Home
from resources.triton import TritonResource
from serving.release.release import Release
from tests.serving.toys import ITEMS, toy_release

NAME = "toy"
HOSTILE = "<script>alert('x')</script> & \"quoted\""


@pytest.fixture
def release(home: Home) -> Release:
    """User 100 has events, 101 and 108 have none in the tables, item 200 has a hostile title, 210 has none."""
    home.recommender(NAME).mkdir(parents=True)
    users = {
        "user_id": [100, 101, 108, 555],
        "country": ["GB", "<b>", None, "DE"],
        "tenure_days": [1218.0, 0.5, None, 3.0],
    }
    pl.DataFrame(users).write_parquet(home.users(NAME))
    codes = range(3, ITEMS)
    titles = [HOSTILE if code == 20 else None if code == 21 else f"Film {code}" for code in codes]
    pl.DataFrame({"item_id": [code * 10 for code in codes], "title": titles}).write_parquet(home.items(NAME))
    home.interactions_folder(NAME).mkdir()
    events = {
        "user_id": [100] * 20,
        "item_id": [30 + 10 * n for n in range(20)],
        "timestamp": [datetime(2026, 3, 1 + n) for n in range(20)],
        "label": [n % 2 == 0 for n in range(20)],
    }
    pl.DataFrame(events).write_parquet(home.interactions(NAME, "2026-03-31"))
    return toy_release(home.root, NAME)


@pytest.fixture
def explorer(home: Home, release: Release) -> Explorer:
    """No server runs in its home."""
    return Explorer(home, NAME, TritonResource())
