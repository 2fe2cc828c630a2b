"""Asking a live recommender from several clients at once, and taking the time of every answer."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np

from serving.client.client import RecommenderClient, RecommenderError
from serving.decisions.reader import TEST
from serving.request.recommendation import Id, RecommendationList

WARM_UP = 20
REQUEST = f"{TEST}load"


@dataclass
class LoadResult:
    """Times of all answers.

    Args:
        milliseconds: as measured at the client, one an answer.
        stage_ms: stage times as the server gave them, one list a stage.
        seconds: how long the clients asked.
        errors: requests that failed.
        unsent: requests that were due and never sent, because those before were not answered in time.
    """

    milliseconds: list[float] = field(default_factory=list)
    stage_ms: dict[str, list[float]] = field(default_factory=dict)
    seconds: float = 0.0
    errors: int = 0
    unsent: int = 0

    def add(self, answer: RecommendationList, milliseconds: float) -> None:
        """Counts an answer, and how long it took."""
        self.milliseconds.append(milliseconds)
        for stage, value in answer.stage_ms.items():
            self.stage_ms.setdefault(stage, []).append(value)

    def summary(self) -> dict[str, float]:
        """Percentiles in milliseconds and answers a second.

        Raises:
            RuntimeError: when not one request was answered.
        """
        if not self.milliseconds:
            raise RuntimeError(f"None of {self.errors} requests was answered; see the log of the server.")
        p50, p99 = np.percentile(self.milliseconds, [50, 99])
        return {
            "p50_ms": float(p50),
            "p99_ms": float(p99),
            "requests_per_s": len(self.milliseconds) / self.seconds,
            "errors": self.errors,
            "unsent": self.unsent,
        }

    def stages(self) -> dict[str, float]:
        """Median milliseconds of each stage."""
        return {stage: statistics.median(values) for stage, values in self.stage_ms.items()}


def load_test(url: str, name: str, users: Sequence[Id], k: int, clients: int, seconds: float) -> LoadResult:
    """Lets some clients ask one user's list after another, each over a connection of its own.

    Args:
        url: gRPC address, `host:port`.
        name: the recommender.
        users: whom to ask for, in turn.
        k: items a list.
        clients: threads that ask at once.
        seconds: how long.

    Raises:
        RecommenderError: when the recommender does not answer at all.
    """
    asking = [RecommenderClient(url, name, retries=0) for _ in range(clients)]  # a failure shall count
    for client in asking:  # opens its connection, which is no part of an answer's time
        for position in range(WARM_UP):
            client.recommend([users[position % len(users)]], k, request_id=REQUEST)
    started = time.perf_counter()
    with ThreadPoolExecutor(clients) as pool:
        parts = pool.map(lambda number: _until(asking[number], users, k, number * 7, started + seconds), range(clients))
    result = LoadResult(seconds=time.perf_counter() - started)
    for part in parts:
        _join(result, part)
    for client in asking:
        client.close()
    return result


def _until(client: RecommenderClient, users: Sequence[Id], k: int, first: int, end: float) -> LoadResult:
    mine, position = LoadResult(), first
    while (begun := time.perf_counter()) < end:
        try:
            answer = client.recommend([users[position % len(users)]], k, request_id=REQUEST)[0]
        except RecommenderError:
            mine.errors += 1
            continue
        finally:
            position += 1
        mine.add(answer, (time.perf_counter() - begun) * 1e3)
    return mine


def _join(result: LoadResult, part: LoadResult) -> None:
    result.milliseconds += part.milliseconds
    result.errors += part.errors
    for stage, values in part.stage_ms.items():
        result.stage_ms.setdefault(stage, []).extend(values)
