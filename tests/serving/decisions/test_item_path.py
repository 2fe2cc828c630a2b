"""By which sources an item came, whatever the bits of its release can say."""

from __future__ import annotations

from typing import Any

import pytest

from serving.decisions.item_path import item_path, sources_of

BITS = {
    "source": {"popular": 2, "other": 32, "fallback": 128},
    "sources": {"item_knn": 1, "popular": 2},
    "reason": {},
}
ROW: dict[str, Any] = {
    "retrieved_item": [7, 8],
    "retrieved_source": [34, 2],
    "retrieved_sources": [3, 2],
    "item": [7, 8],
}


@pytest.mark.parametrize(
    ("item", "source", "expected"),
    [(7, 34, "item_knn, popular"), (8, 2, "popular"), (9, 130, "popular, fallback")],
    ids=["younger than eight bits", "of eight bits", "in the place of candidates"],
)
def test_sources_have_names(item: int, source: int, expected: str) -> None:
    assert sources_of(ROW, item, source, BITS) == expected


def test_a_log_of_before_names_what_it_can() -> None:
    row = {"retrieved_item": [7], "retrieved_source": [2], "item": []}
    assert item_path(row, 7, BITS | {"sources": {}})[0].note == "brought by popular"
    assert item_path({**row, "retrieved_sources": [1]}, 7, BITS)[0].note == "brought by item_knn"
