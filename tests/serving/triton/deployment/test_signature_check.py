from __future__ import annotations

import pytest

from serving.triton.deployment.signature_check import Column, check_columns
from serving.triton.deployment.signature_error import SignatureError

USER, PRICE = ("input", "user_id", 5, (1,)), ("input", "context_max_price", 12, (1,))


def test_columns_that_differ_are_named() -> None:
    check_columns({USER, PRICE}, {PRICE, USER})
    with pytest.raises(SignatureError) as caught:
        check_columns({USER, PRICE}, {USER, ("input", "context_country", 2, (256,))})
    assert "it alone has input 'context_max_price' (FP64 [1]); it lacks input 'context_country' (UINT8 [256])" in str(
        caught.value
    )


SCORE, SOURCES = ("output", "score", 11, (-1,)), ("output", "sources", 4, (-1,))


def test_a_challenger_may_give_more_than_what_is_live() -> None:
    """A release of before has no `sources`: who stands before both gives what it gives."""
    check_columns({USER, SCORE, SOURCES}, {USER, SCORE})


@pytest.mark.parametrize(
    ("challenger", "live", "said"),
    [
        ({USER, SCORE}, {USER, SCORE, SOURCES}, "it lacks output 'sources'"),
        ({USER, SCORE, PRICE}, {USER, SCORE}, "it alone has input 'context_max_price'"),
        ({USER, ("output", "score", 12, (-1,))}, {USER, SCORE}, "it alone has output 'score' (FP64"),
    ],
    ids=["less", "more to take", "of another type"],
)
def test_what_a_router_cannot_pass_is_refused(challenger: set[Column], live: set[Column], said: str) -> None:
    with pytest.raises(SignatureError) as caught:
        check_columns(challenger, live)
    assert said in str(caught.value)
