from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from ops_gpu.candidates.candidates import DEGRADED, FALLBACK
from recsys_assets.component.locations import blueprints
from recsys_assets.metadata.served import served_metadata
from resources.home import Home
from serving.decisions.served_day import ServedDay
from serving.decisions.served_summary import ServedSummary
from tests.serving.decision_rows import BITS, day_of, frame_of

DAY = date(2026, 1, 5)


@pytest.mark.parametrize("columns", [None, ["request", "row", "time", "release"]])
@pytest.mark.parametrize("lists", [0, 3])
def test_a_day_of_nothing_or_of_few_columns_can_be_shown(
    shop: Path, home: Home, lists: int, columns: list[str] | None
) -> None:
    frame = frame_of(day_of(DAY, lists))
    day = ServedDay(frame.select(columns or frame.columns), {"a" * 64: BITS})
    found = served_metadata(blueprints(shop, home)[0], DAY, day, ServedSummary.of(day.decisions, day.bits))
    assert found["lists"] == found["dagster/partition_row_count"] == lists
    assert "catalogue_share" not in found  # there is no table of items yet
    assert found["path"].value == str(home.served("shop", DAY))


def test_what_a_list_is_stands_beside_it(shop: Path, home: Home) -> None:
    rows = day_of(DAY, 4)
    rows[1] |= {"source": [2 | FALLBACK] * 3}
    rows[2] |= {"source": [1 | DEGRADED] * 3}
    rows[3] |= {"source": [], "item": []}
    day = ServedDay(frame_of(rows), {"a" * 64: BITS})
    found = served_metadata(blueprints(shop, home)[0], DAY, day, ServedSummary.of(day.decisions, day.bits))
    kinds = [line.split("|")[3].strip() for line in found["samples"].value.splitlines()[2:]]
    assert kinds == ["personalized", "popular", "personalized, degraded", "empty"]
