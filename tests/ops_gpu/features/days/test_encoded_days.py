from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from ops_gpu.features.days.encoded_days import EncodedDays
from ops_gpu.features.days.event_features import EventFeatures
from ops_gpu.features.entity_workflow import fit_workflow
from ops_gpu.features.training_data import encode_events, entity_table
from ops_gpu.interactions.events import Events
from ops_gpu.schema.raw_schema import raw_schema
from ops_gpu.workflow.default_workflow import default_workflow
from ops_gpu.workflow.workflow import Workflow
from tests.ops_gpu.day_files import write_days
from tests.ops_gpu.heart import CONFIG, Heart

MIDDLE = date(2026, 1, 12)


def fitted(heart: Heart, users: pl.DataFrame, items: pl.DataFrame) -> Workflow:
    """Over these users and items alone; the others have no code."""
    schema = raw_schema(users, items)
    known = heart.interactions.join(users, on="user_id", how="semi").join(items, on="item_id", how="semi")
    return fit_workflow(known, users, items, Workflow(default_workflow(schema), schema))


def written(heart: Heart, workflow: Workflow, folder: Path) -> EncodedDays:
    past = write_days(heart.interactions, folder / "files", CONFIG.candidates.snapshot)
    users, _ = entity_table(heart.demo.users, "user_id", workflow)
    items, _ = entity_table(heart.demo.items, "item_id", workflow)
    files = {}
    for day, rows in EventFeatures(past, users, items, workflow, 5).of(sorted(past.events)):
        files[day] = folder / f"{day}.parquet"
        rows.write_parquet(files[day])
    return EncodedDays(files, workflow)


@pytest.fixture(scope="module")
def few(heart: Heart) -> Workflow:
    """A workflow that knows two thirds of users and items, in an order of its own."""
    return fitted(heart, heart.demo.users.reverse().head(200), heart.demo.items.reverse().head(130))


def same(found: Events, interactions: pl.DataFrame, workflow: Workflow) -> None:
    expected = encode_events(interactions, workflow)
    assert (found.users, found.items) == (expected.users, expected.items)
    order = np.lexsort((found.positive, found.item, found.user, found.time))
    for name in ("time", "user", "item", "positive"):
        np.testing.assert_array_equal(getattr(found, name)[order], getattr(expected, name))


def test_events_are_those_of_the_log(heart: Heart, tmp_path: Path) -> None:
    days = written(heart, heart.workflow, tmp_path)
    same(days.events(heart.workflow), heart.interactions, heart.workflow)
    until = heart.interactions.filter(pl.col("timestamp").dt.date() <= MIDDLE)
    same(days.events(heart.workflow, until=MIDDLE), until, heart.workflow)


def test_codes_of_another_workflow(heart: Heart, few: Workflow, tmp_path: Path) -> None:
    """Some are unknown to the one, some to the other."""
    days = written(heart, few, tmp_path)
    same(days.events(few), heart.interactions, few)
    same(days.events(heart.workflow), heart.interactions, heart.workflow)
    other = fitted(heart, heart.demo.users.head(150), heart.demo.items.tail(90))
    same(days.events(other), heart.interactions, other)
    assert not days.fits(other) and days.fits(few)


def test_what_was_appended_since_is_known(heart: Heart, few: Workflow, tmp_path: Path) -> None:
    days = written(heart, few, tmp_path)
    joined = heart.interactions.join(heart.demo.users, on="user_id").join(heart.demo.items, on="item_id")
    longer = few.copy().update(joined)
    assert longer.vocabulary("item_id").len() > few.vocabulary("item_id").len()
    same(EncodedDays(days.files, longer).events(longer), heart.interactions, longer)
    assert EncodedDays(days.files, longer).fits(few) and not EncodedDays(days.files, few).fits(longer)
