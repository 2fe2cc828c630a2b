"""More requests than a release can answer one by one: those that wait together are answered together."""

from __future__ import annotations

import json
import time
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import numpy as np
import pytest
from tritonclient.grpc import InferenceServerClient, InferInput

from serving.client.client import RecommenderClient
from serving.request.model_names import model_name
from serving.triton.deployment.deployment import deploy
from serving.triton.deployment.target import TritonTarget
from tests.serving.toys import toy_release

REQUESTS, CLIENTS = 2_000, 16


def statistics(client: InferenceServerClient, model: str) -> tuple[int, int]:
    """Requests that a model has answered, and in how many batches."""
    (found,) = json.loads(json.dumps(client.get_inference_statistics(model, as_json=True)))["model_stats"]
    return int(found["inference_count"]), int(found["execution_count"])


def ask(client: InferenceServerClient, name: str, told: SimpleQueue[str]) -> None:
    """Asks and does not wait; an empty text is told for an answer."""
    user = InferInput("user_id", [1, 1], "INT64")
    user.set_data_from_numpy(np.array([[100]]))

    def done(result: Any, error: Any) -> None:
        told.put(str(error.message()) if error is not None else "")

    client.async_infer(name, [user], done)


@pytest.mark.triton
def test_what_waits_together_is_answered_together(target: TritonTarget, tmp_path: Path) -> None:
    release = toy_release(tmp_path, "crowded")
    deploy(release, target, [100])

    def crowd() -> int:
        """In how many batches many requests that wait together are answered."""
        with InferenceServerClient(target.grpc_url) as client:
            before, told = statistics(client, model_name("crowded", release.hash)), SimpleQueue[str]()
            for _ in range(REQUESTS):
                ask(client, "crowded", told)
            assert {told.get(timeout=60) for _ in range(REQUESTS)} == {""}
            deadline, after = time.monotonic() + 30, before
            while after[0] - before[0] < REQUESTS and time.monotonic() < deadline:  # counted a moment after the answer
                time.sleep(0.1)
                after = statistics(client, model_name("crowded", release.hash))
        answered, batches = (new - old for new, old in zip(after, before, strict=True))
        assert answered == REQUESTS
        return batches

    # A client that others keep from its core sends one by one, and then nothing waits: it may try again.
    assert any(crowd() < REQUESTS / 10 for _ in range(10))
    with RecommenderClient(target.grpc_url, "crowded") as client:
        assert client.recommend(100)[0].release == release.hash


@pytest.mark.long  # it measures, so it is to be alone
@pytest.mark.triton
def test_many_clients_are_answered_more_often_than_one(target: TritonTarget, tmp_path: Path) -> None:
    """Each asks again once it is answered: a server that waits for nothing answers 16 several times as often as one."""
    deploy(toy_release(tmp_path, "clients"), target, [100])

    def answers(clients: int, seconds: float = 1.5) -> int:
        told, count = SimpleQueue[str](), 0
        with InferenceServerClient(target.grpc_url) as client:
            for _ in range(clients):
                ask(client, "clients", told)
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                assert told.get(timeout=30) == ""
                count += 1
                ask(client, "clients", told)
            for _ in range(clients):
                told.get(timeout=30)
        return count

    one, many = (sorted(answers(clients) for _ in range(3))[1] for clients in (1, CLIENTS))
    assert many > 2 * one  # measured: 3.1 to 4.3, and 1.4 with a queue policy
