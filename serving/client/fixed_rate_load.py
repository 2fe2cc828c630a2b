"""Asking a live recommender at a fixed rate, whether it keeps up or not."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from math import ceil

from serving.client.client import RecommenderClient, RecommenderError
from serving.client.load_test import REQUEST, LoadResult
from serving.request.recommendation import Id

CLIENTS = 16
GRACE = 2.0
"""A server that does not keep up is left alone after so many times the seconds, whatever is still due."""


def steady_load(
    url: str, name: str, users: Sequence[Id], k: int, rate: float, seconds: float, retries: int = 0
) -> LoadResult:
    """Sends one user's request after another at fixed moments, and counts from these how long answers took.

    A server that stops for a while so makes all requests late that were due meanwhile, as its users would see it;
    clients that wait for their answers before they ask again would have asked only a few times.

    Args:
        url: gRPC address, `host:port`.
        name: the recommender.
        users: whom to ask for, in turn.
        k: items a list.
        rate: requests a second.
        seconds: how long.
        retries: attempts after a first that failed.

    Raises:
        RecommenderError: when the recommender does not answer at all.
    """
    asking = [RecommenderClient(url, name, retries=retries) for _ in range(CLIENTS)]
    for client in asking:  # opens its connection
        client.recommend([users[0]], k, request_id=REQUEST)
    result, numbers, started = LoadResult(seconds=seconds), itertools.count(), time.perf_counter()
    failed: list[int] = []

    def due() -> Iterator[tuple[int, float]]:
        """Number and moment of the requests that one client sends."""
        while (
            moment := (number := next(numbers)) / rate
        ) < seconds and time.perf_counter() < started + GRACE * seconds:
            yield number, started + moment

    def ask(client: RecommenderClient) -> None:
        for number, moment in due():
            time.sleep(max(0.0, moment - time.perf_counter()))
            try:
                answer = client.recommend([users[number % len(users)]], k, request_id=REQUEST)[0]
            except RecommenderError:
                failed.append(number)  # adding one to a number is not safe between threads
            else:
                result.add(answer, (time.perf_counter() - moment) * 1e3)

    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(ask, asking))
    for client in asking:
        client.close()
    result.seconds = max(seconds, time.perf_counter() - started)  # more where answers came after the last was due
    result.errors, result.unsent = len(failed), max(0, ceil(rate * seconds) - len(failed) - len(result.milliseconds))
    return result
