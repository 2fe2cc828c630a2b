from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from serving.client.model_description import ModelDescription
from serving.client.request import RequestMessage
from tests.serving.canned_server import STAGES, received

CONTEXT = {"country": "UINT8", "age": "INT32", "since": "INT64", "price": "FP32", "weight": "FP64", "member": "BOOL"}
MODEL = ModelDescription({"user_id": "INT64", "k": "INT32", "seed": "INT64", "photo": "FP16"} | CONTEXT, 2, STAGES)


def sent(**arguments: Any) -> list[dict[str, Any]]:
    return [received(part.message) for part in RequestMessage(**arguments).parts("demo", MODEL)]


def test_one_value_for_all_or_one_a_user() -> None:
    context = {"country": ["GB", "Ö", ""], "age": 30, "since": np.array([1, 2, 3]), "price": 1, "member": True}
    first, second = sent(user_ids=[7, 8, 9], context=context | {"weight": [0.5, 1, np.float32(2)]})
    assert first["country"].shape == (2, 256) and not second["country"].any()
    assert [bytes(row).rstrip(b"\0").decode() for row in first["country"]] == ["GB", "Ö"]
    assert first["age"].tolist() == [[30], [30]] and second["age"].tolist() == [[30]]
    assert first["since"].tolist() == [[1], [2]] and second["since"].tolist() == [[3]]
    assert first["price"].tolist() == [[1.0], [1.0]] and first["member"].tolist() == [[True], [True]]
    assert first["weight"].tolist() == [[0.5], [1.0]] and second["weight"].tolist() == [[2.0]]
    types = {name: value.dtype.name for name, value in first.items() if name in CONTEXT}
    expected = {"country": "uint8", "age": "int32", "since": "int64", "price": "float32", "weight": "float64"}
    assert types == expected | {"member": "bool"}


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("country", 5, "'country' must be a string, got 5"),
        ("country", "x" * 300, "'country' has at most 256 bytes"),
        ("age", "30", "'age' must be an integer of 32 bits, got '30'"),
        ("age", 2**31, "'age' must be an integer of 32 bits, got 2147483648"),
        ("age", True, "'age' must be an integer of 32 bits, got True"),
        ("age", [30, None], "'age' must be an integer of 32 bits, got None"),
        ("since", 1.5, "'since' must be an integer of 64 bits"),
        ("price", 1e39, "'price' must be a number of 32 bits"),
        ("price", True, "'price' must be a number"),
        ("member", 1, "'member' must be True or False, got 1"),
        ("age", [30], "'age' has 1 values for 2 users"),
        ("photo", 1.0, "'photo' is FP16 in the model's configuration"),
        ("k", 5, "'k' has an argument of its own"),
        ("planet", "Mars", "no 'planet' in the context, but age, country, member, photo, price, since, weight"),
    ],
)
def test_a_context_that_does_not_fit_is_named(name: str, value: Any, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        sent(user_ids=[7, 8], context={name: value})


def test_other_arguments_are_checked() -> None:
    with pytest.raises(ValueError, match=r"'k' must be an integer of 32 bits, got 10\.5"):
        sent(user_ids=7, k=10.5)
    with pytest.raises(ValueError, match="'seed' must be an integer of 64 bits"):
        sent(user_ids=7, seed=2**63)
    for bad in ("", "a\nb", "x" * 300, 5):
        with pytest.raises(ValueError, match="request_id must be 1 to 256 printable bytes"):
            sent(user_ids=7, request_id=bad)
    assert sent(user_ids=np.int64(7))[0]["user_id"].tolist() == [[7]]
