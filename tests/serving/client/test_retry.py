from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.client.recommender_error import RecommenderError
from serving.client.retry import FIRST_PAUSE, LONGEST_PAUSE, Retry


class Failure(Exception):
    def __init__(self, code: str, text: str = "overloaded") -> None:
        self._code, self._text = code, text

    def code(self) -> Failure:
        return self

    @property
    def name(self) -> str:
        return self._code

    def details(self) -> str:
        return self._text


def attempts(seconds: float = 60.0, retries: int = 3) -> Retry:
    return Retry("127.0.0.1:1", "demo", seconds, time.monotonic() + seconds, retries)


@given(st.integers(1, 12))
def test_pauses_are_drawn_below_a_bound_that_doubles(failed: int) -> None:
    mine = attempts(retries=99)
    for _ in range(failed):
        assert 59 < mine.left() <= 60
    bound = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (failed - 1))
    drawn = [mine.pause(Failure("UNAVAILABLE")) for _ in range(60)]
    assert 0 <= min(drawn) < bound / 4 and bound * 3 / 4 < max(drawn) <= bound


def test_no_pause_reaches_over_the_end() -> None:
    mine = attempts(0.0)
    assert mine.left() == 0
    with pytest.raises(RecommenderError, match="no recommender 'demo'; deploy it first, or wait"):
        mine.pause(Failure("UNAVAILABLE", "Request for unknown model: 'demo' is not ready"))


@pytest.mark.parametrize("code", ["INVALID_ARGUMENT", "INTERNAL", "DEADLINE_EXCEEDED", "ABORTED"])
def test_only_what_did_not_reach_the_model_is_tried_again(code: str) -> None:
    mine = attempts()
    mine.left()
    with pytest.raises(RecommenderError, match=r"127.0.0.1:1 .*'demo'"):
        mine.pause(Failure(code))


def test_a_model_whose_process_has_ended_is_asked_again() -> None:
    failure = Failure(
        "INTERNAL", "Failed to process the request(s), message: Stub process 'demo.1_0_0' is not healthy."
    )
    mine = attempts(retries=1)
    mine.left()
    assert mine.pause(failure) <= FIRST_PAUSE
    mine.left()
    with pytest.raises(RecommenderError, match=r"process of 'demo' at .* has ended \(2 attempts\).*try again"):
        mine.pause(failure)


def test_a_recommender_that_was_there_before_is_asked_again() -> None:
    failure = Failure("NOT_FOUND", "Request for unknown model: 'demo' has no available versions")
    unheard, heard = attempts(retries=1), Retry("127.0.0.1:1", "demo", 60, time.monotonic() + 60, 1, known=True)
    for mine in (unheard, heard):
        mine.left()
    with pytest.raises(RecommenderError, match="serves no recommender 'demo'"):
        unheard.pause(failure)
    assert heard.pause(failure) <= FIRST_PAUSE
    heard.left()
    with pytest.raises(RecommenderError, match=r"serves no recommender 'demo' \(2 attempts\)"):
        heard.pause(failure)


def test_a_message_that_is_too_large_stays_too_large() -> None:
    mine = attempts()
    mine.left()
    with pytest.raises(RecommenderError, match="larger than max"):
        mine.pause(Failure("RESOURCE_EXHAUSTED", "Received message larger than max (5 vs. 4)"))
