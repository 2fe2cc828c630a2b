from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from serving.client.request import Part
from serving.client.response import Response
from tests.serving.canned_server import STAGES, answer_of

PART = Part([7, 8], "id", None)


def outputs(**changed: Any) -> dict[str, Any]:
    texts = np.array([["ü1", "b", ""], ["", "", ""]]).astype("U").tolist()
    items = np.array([[text.encode() for text in row] for row in texts], "S3").view(np.uint8).reshape(2, 3, 3)
    usual = {
        "item_id": items,
        "score": np.array([[2.0, 1.0, np.nan], [np.nan] * 3], np.float32),
        "source": np.array([[1, 6, 0], [0, 0, 0]], np.uint8),
        "count": np.array([[2], [0]], np.int32),
        "stage_ms": np.ones((2, len(STAGES)), np.float32),
        "release": np.full((2, 64), 97, np.uint8),
    }
    return {name: value for name, value in (usual | changed).items() if value is not None}


def test_lists_shorter_than_asked_for_and_text_ids() -> None:
    first, second = Response.of(answer_of(outputs())).lists(PART, STAGES)
    assert [(i.item_id, i.score, i.sources) for i in first.items] == [
        ("ü1", 2.0, ("two_tower",)),
        ("b", 1.0, ("popular", "history")),
    ]
    assert first.source == "personalized" and first.release == "a" * 64
    assert second.items == () and second.source == "empty" and second.user_id == 8
    assert first.stage_ms is not second.stage_ms


@pytest.mark.parametrize(
    "changed",
    [
        {"score": None},
        {"item_id": np.zeros((2, 3), np.float32)},
        {"count": np.zeros((1, 1), np.int32)},
        {"stage_ms": np.zeros((2, 2), np.float32)},
        {"release": np.full((2, 64), 255, np.uint8)},
        {"item_id": np.full((2, 3, 3), 255, np.uint8)},
    ],
)
def test_what_is_no_answer_is_not_taken_for_one(changed: dict[str, Any]) -> None:
    answer = answer_of(outputs(**changed))
    with pytest.raises(ValueError, match="none of a recommender"):
        Response.of(answer).lists(PART, STAGES)
    del answer.raw_output_contents[-1]
    with pytest.raises(ValueError, match="none of a recommender"):
        Response.of(answer).lists(PART, STAGES)


def test_sources_beyond_eight_bits_are_named_by_their_release() -> None:
    names = {"a" * 64: ("item_knn", "popular", "ease")}
    wide = np.array([[0b101, 0b010, 0], [0, 0, 0]], np.uint32)
    answer = answer_of(outputs(sources=wide, source=np.array([[32, 2, 0], [0, 0, 0]], np.uint8)))
    (first, _) = Response.of(answer).lists(PART, STAGES, names)
    assert [item.sources for item in first.items] == [("item_knn", "ease"), ("popular",)]
    assert Response.of(answer).unnamed(()) == {"a" * 64} and Response.of(answer).unnamed(names) == set()
    (unknown, _) = Response.of(answer).lists(PART, STAGES)
    assert [item.sources for item in unknown.items] == [(), ("popular",)]


def test_a_server_is_not_asked_for_names_that_are_known() -> None:
    """Eight bits tell all of them; and what is no answer at all is told."""
    wide = np.array([[1, 6, 0], [0, 0, 0]], np.uint32)
    assert Response.of(answer_of(outputs(sources=wide))).unnamed(()) == set()
    assert Response.of(answer_of(outputs())).unnamed(()) == set()
    broken = answer_of(outputs(sources=wide))
    del broken.raw_output_contents[-1]
    with pytest.raises(ValueError, match="none of a recommender"):
        Response.of(broken)
