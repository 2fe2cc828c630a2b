"""What a request says of itself, from the client to the filters of a release in Triton."""

from __future__ import annotations

from pathlib import Path

import pytest

from serving.client.client import RecommenderClient, RecommenderError
from serving.triton.deployment.deployment import deploy
from serving.triton.deployment.target import TritonTarget
from tests.serving.choosy_toy import ATTRIBUTES, choosy_release

pytestmark = pytest.mark.triton
USERS = [100, 105, -7]


def codes(items: list[int | str]) -> list[int]:
    return [int(item) // 10 for item in items]


def test_filters_hear_the_request_and_chance_its_seed(target: TritonTarget, tmp_path: Path) -> None:
    deploy(choosy_release(tmp_path, "choosy"), target, USERS)  # the smoke test draws the same lists on both sides
    countries, limits = ATTRIBUTES["countries"].to_list(), ATTRIBUTES["age_limit"].to_list()
    with RecommenderClient(target.grpc_url, "choosy") as client:

        def lists(**more: object) -> list[list[int]]:
            answers = client.recommend(USERS, 40, **more)  # type: ignore[arg-type]
            return [codes([item.item_id for item in answer.items]) for answer in answers]

        everything = lists()
        french, young, both = (
            lists(context=context)
            for context in ({"country": "FR"}, {"age": 17}, {"country": ["FR", None, "DE"], "age": [None, 17, 30]})
        )
        for row, items in enumerate(everything):  # nothing is known of the request: nothing is removed for it
            assert {code for code in items if not countries[code]} and {code for code in items if limits[code]}
            assert set(french[row]) == {c for c in items if not countries[c] or "FR" in countries[c]}
            assert set(young[row]) == {c for c in items if limits[c] <= 17}
        assert [sorted(items) for items in both] == [sorted(french[0]), sorted(young[1]), sorted(everything[2])]
        assert lists(seed=3) == lists(seed=3) != lists(seed=4)
        with pytest.raises(RecommenderError, match=r"takes no 'land' in the context, but age, country, price"):
            client.recommend(100, context={"land": "DE"})
        assert [max(items) for items in lists(context={"price": [2.5, None, 8.0]})] == [10, max(everything[1]), 32]
        with pytest.raises(RecommenderError, match=r"'context_price' must be finite, got nan; None says"):
            client.recommend(100, context={"price": float("nan")})
        with pytest.raises(RecommenderError, match=r"'context_age' must be an integer of 64 bits, got 'old'"):
            client.recommend(100, context={"age": "old"})
        with pytest.raises(RecommenderError, match=r"'context_country' must be a string, got 49"):
            client.recommend(100, context={"country": 49})
        with pytest.raises(RecommenderError, match=r"'age' has 2 values for 3 users"):
            client.recommend(USERS, context={"age": [1, 2]})
