"""More requests than a release can answer: some are told so at once, and nothing else comes of it."""

from __future__ import annotations

from pathlib import Path
from queue import SimpleQueue
from typing import Any

import numpy as np
import pytest
from tritonclient.grpc import InferenceServerClient, InferInput

from serving.client import RecommenderClient
from serving.triton import model_config
from serving.triton.deployment import deploy
from serving.triton.target import TritonTarget
from tests.serving.toys import toy_release

REQUESTS = 400


def asked_at_once(url: str, name: str) -> list[str]:
    """What became of many requests that nobody waited for before the next: an empty text for an answer."""
    user, told = InferInput("user_id", [1, 1], "INT64"), SimpleQueue[str]()
    user.set_data_from_numpy(np.array([[100]]))

    def done(result: Any, error: Any) -> None:
        told.put(str(error.message()) if error is not None else "")

    with InferenceServerClient(url) as client:
        for _ in range(REQUESTS):
            client.async_infer(name, [user], done)
        return [told.get(timeout=60) for _ in range(REQUESTS)]


@pytest.mark.triton
def test_who_would_wait_too_long_is_told_at_once(
    target: TritonTarget, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model_config, "MOST_QUEUED", 8)
    release = toy_release(tmp_path, "crowded")
    deploy(release, target, [100])
    said = asked_at_once(target.grpc_url, "crowded")
    refused = [text for text in said if text]
    assert 0 < len(refused) < REQUESTS
    assert all("maximum queue size" in text for text in refused), set(refused)
    with RecommenderClient(target.grpc_url, "crowded") as client:
        assert client.recommend(100)[0].release == release.hash
