"""Retry: how long a call may still take, and when it is tried again."""

from __future__ import annotations

import random
import time
from typing import Any

from serving.client.errors import explained, may_be_tried_again
from serving.client.recommender_error import RecommenderError

FIRST_PAUSE, LONGEST_PAUSE = 0.05, 1.0
"""Seconds: bounds of the first pause and of any."""


class Retry:
    """The attempts of one request, within the time of the whole call.

    A failure that may be tried again is followed by a pause drawn from 0 to a bound that doubles with every
    attempt ("full jitter"; Brooker 2015, "Exponential Backoff And Jitter"), so that clients that failed
    together do not come back together.

    Args:
        url: the server.
        name: the recommender.
        timeout: seconds for the whole call.
        end: when they are over, by `time.monotonic`.
        retries: attempts after the first.
        known: whether the server has had this recommender before.
    """

    __slots__ = ("_end", "_known", "_made", "_name", "_retries", "_timeout", "_url")

    def __init__(self, url: str, name: str, timeout: float, end: float, retries: int, known: bool = False) -> None:
        self._url, self._name, self._timeout, self._end, self._retries = url, name, timeout, end, retries
        self._known = known
        self._made = 0

    def left(self) -> float:
        """Seconds that the next attempt may take, counted as made."""
        self._made += 1
        return max(0.0, self._end - time.monotonic())

    def pause(self, error: Any) -> float:
        """Seconds to wait after a failed attempt.

        Args:
            error: a `grpc.RpcError`.

        Raises:
            RecommenderError: when it must not or need not be tried again, or no time is left.
        """
        wait = random.uniform(0, min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (self._made - 1)))
        last = self._made > self._retries or wait >= self._end - time.monotonic()
        if last or not may_be_tried_again(error, self._known):
            text = explained(error, self._url, self._name, self._timeout, self._made)
            raise RecommenderError(text) from error
        return wait
