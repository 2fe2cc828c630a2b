from __future__ import annotations

import os
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from ops_gpu.logs import (
    EntityTable,
    IdTypes,
    InteractionLog,
    LogPlace,
    LogSource,
    days_of_files,
    decide_id_types,
    read_interactions,
    read_items,
    read_users,
)

REPOSITORY = Path(__file__).resolve().parents[3]
DATA = Path(os.environ.get("RECSYS_SAMPLE_DATA") or REPOSITORY.parent / "shared" / "data")
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason=f"no sample data at {DATA} (set RECSYS_SAMPLE_DATA)")


def example(name: str) -> tuple[InteractionLog, EntityTable | None, EntityTable | None, LogPlace]:
    """What examples/<name>/defs.yaml says, read without Dagster."""
    folder = REPOSITORY / "examples" / name
    attributes = yaml.safe_load((folder / "defs.yaml").read_text())["attributes"]
    place = LogPlace(folder, {"RECSYS_SAMPLE_DATA": str(DATA)})
    log = InteractionLog(**_with_source(attributes["interactions"]))
    tables = [attributes.get(key) for key in ("users", "items")]
    users, items = (EntityTable(**_with_source(table)) if table else None for table in tables)
    return log, users, items, place


def _with_source(values: dict[str, Any]) -> dict[str, Any]:
    source = values.get("source")
    return values | {"source": LogSource(**source)} if source else values


@needs_data
def test_movietweetings() -> None:
    log, users, items, place = example("movietweetings")
    ids = decide_id_types(log, place, users, items)
    assert ids == IdTypes("integer", "string")
    result = read_interactions(log, place, ids)
    assert result.report.rows_read == result.frame.height == 100_000
    assert (result.frame["user_id"].n_unique(), result.frame["item_id"].n_unique()) == (16_554, 10_506)
    (entry,) = days_of_files(log, place).values()
    assert (min(entry.days), max(entry.days)) == (date(2013, 2, 28), date(2013, 9, 1))
    films = read_items(items, log, place, ids).frame
    assert films.height == 10_506
    first = films.row(0, named=True)
    assert (first["item_id"], first["genres"]) == ("0002844", ["Crime", "Drama"])
    assert first["title"] == "Fantômas - À l'ombre de la guillotine (1913)"


@needs_data
def test_online_retail() -> None:
    log, users, items, place = example("online_retail")
    ids = decide_id_types(log, place, users, items)
    assert ids == IdTypes("integer", "string")
    result = read_interactions(log, place, ids)
    assert (result.report.rows_read, result.report.unusable) == (541_909, 0)
    assert result.frame["label"].all()
    assert not (result.frame["timestamp"].dt.weekday() == 6).any()
    assert result.frame["user_id"].min() == 12_347 - 1
    people = read_users(users, log, place, ids).frame
    goods = read_items(items, log, place, ids).frame
    assert dict(people.select("user_id", "Country").rows())[12_347] == "Iceland"
    titles = dict(goods.select("item_id", "title").rows())
    assert titles["85123A"] == "WHITE HANGING HEART T-LIGHT HOLDER"
    assert "POST" not in titles
