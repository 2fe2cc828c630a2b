from __future__ import annotations

import pytest

from recsys_assets.cli.terminal.context import named_texts, values_of
from serving.client.client import RecommenderClient
from tests.serving.canned_server import INPUTS, CannedServer

TYPES = {"max_price": "FP64", "level": "INT64", "country": "UINT8", "new": "BOOL"}


def test_texts_become_what_the_recommender_takes() -> None:
    texts = named_texts(["max_price=3", "level=12", "country=3", "new=True"])
    inputs = {**INPUTS, **{f"context_{name}": kind for name, kind in TYPES.items()}}
    with CannedServer(inputs) as server, RecommenderClient(server.url, "demo") as client:
        model = client.model()
    assert values_of(texts, model) == {"max_price": 3.0, "level": 12, "country": "3", "new": True}
    for pair, expected in (
        ("max_price=cheap", "max_price must be a number, got 'cheap'"),
        ("level=1.5", "level must be a whole number, got '1.5'"),
        ("new=perhaps", "new must be true or false, got 'perhaps'"),
        ("shoe=1", "takes no 'shoe' in the context"),
    ):
        with pytest.raises(ValueError, match=expected):
            values_of(named_texts([pair]), model)


def test_a_name_is_given_once_and_with_a_value() -> None:
    assert named_texts(["country=a=b"]) == {"country": "a=b"}
    with pytest.raises(ValueError, match="gives 'language' twice, 'en' and 'fr'"):
        named_texts(["language=en", "language=fr"])
    with pytest.raises(ValueError, match="takes NAME=VALUE, got 'DE'"):
        named_texts(["DE"])
