from __future__ import annotations

import socket

import pytest

from serving.client import RecommenderClient, RecommenderError


def test_no_server_is_said_in_a_sentence() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"127.0.0.1:{free.getsockname()[1]}"
    with RecommenderClient(url, "demo") as client, pytest.raises(RecommenderError, match=f"answers at {url}"):
        client.recommend(1)


def test_a_silent_server_is_not_waited_for_forever() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"127.0.0.1:{silent.getsockname()[1]}"
        with RecommenderClient(url, "demo", timeout=0.3) as client, pytest.raises(RecommenderError):
            client.recommend(1)
