"""What both clients promise, against a real gRPC server."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import grpc
import numpy as np
import pytest

from serving.client.async_client import AsyncRecommenderClient
from serving.client.client import RecommenderClient
from serving.client.model_description import ModelDescription
from serving.client.recommender_error import RecommenderError
from serving.request.event import Event
from serving.request.recommendation import Recommendation, RecommendationList
from tests.serving.canned_server import INPUTS, RELEASE, STAGES, CannedServer, received

EVENTS = {"event_item": "INT64", "event_time": "INT64", "event_positive": "FP32"}
UNAVAILABLE = (grpc.StatusCode.UNAVAILABLE, "Exceeds maximum queue size")
Open = Callable[..., Any]


class Blocking:
    """The asynchronous client, called from a thread that waits."""

    def __init__(self, *args: Any, **options: Any) -> None:
        self._loop = asyncio.new_event_loop()
        self._client = AsyncRecommenderClient(*args, **options)

    def recommend(self, *args: Any, **options: Any) -> list[RecommendationList]:
        return self._loop.run_until_complete(self._client.recommend(*args, **options))

    def model(self) -> ModelDescription:
        return self._loop.run_until_complete(self._client.model())

    def close(self) -> None:
        self._loop.run_until_complete(self._client.close())

    def end(self) -> None:
        """Closes it for good; a client that is closed alone can still be asked."""
        self.close()
        self._loop.close()


@pytest.fixture(params=[RecommenderClient, Blocking], ids=["sync", "async"])
def opened(request: pytest.FixtureRequest) -> Iterator[Open]:
    clients = []

    def open_client(url: str, **options: Any) -> Any:
        clients.append(request.param(url, "demo", **options))
        return clients[-1]

    yield open_client
    for client in clients:
        getattr(client, "end", client.close)()


def test_a_list_a_user(opened: Open) -> None:
    with CannedServer() as server:
        found = opened(server.url).recommend([7, 0], k=2, request_id="mine")
    stage_ms = dict(zip(STAGES, range(5), strict=True))
    sources = ("two_tower", "history")
    items = (Recommendation(700, 1.0, sources), Recommendation(701, 0.875, sources))
    popular = (Recommendation(0, 1.0, ("popular",)), Recommendation(1, 0.875, ("popular",)))
    assert found == [
        RecommendationList(7, items, "personalized", RELEASE, stage_ms, "mine"),
        RecommendationList(0, popular, "popular", RELEASE, stage_ms, "mine"),
    ]
    assert [type(value) for value in found[0].stage_ms.values()] == [float] * 5
    assert server.requests[0].id == "mine"


def test_many_users_are_asked_for_side_by_side_and_come_back_in_order(opened: Open) -> None:
    meeting = threading.Barrier(3)  # 9 users are 3 requests; all must be under way for one to be answered
    with CannedServer(before=lambda request: meeting.wait(5)) as server:
        client = opened(server.url)
        found = client.recommend(range(1, 10), request_id="big")
    assert [answer.user_id for answer in found] == list(range(1, 10))
    assert [answer.items[0].item_id for answer in found] == [user * 100 for user in range(1, 10)]
    assert [answer.request_id for answer in found] == ["big-0"] * 4 + ["big-1"] * 4 + ["big-2"]
    assert {request.id for request in server.requests} == {"big-0", "big-1", "big-2"}


def test_one_user_none_and_as_many_as_fit(opened: Open) -> None:
    with CannedServer() as server:
        client = opened(server.url)
        assert client.recommend([]) == []
        assert client.recommend("7")[0].user_id == "7"
        made = [client.recommend(list(range(4)))[0].request_id for _ in range(20)]
    assert len(set(made)) == 20 and server.described == 1 and len(server.requests) == 21


def test_what_did_not_reach_the_model_is_tried_again(opened: Open) -> None:
    exhausted = (grpc.StatusCode.RESOURCE_EXHAUSTED, "no memory")
    with CannedServer(failures=[UNAVAILABLE, exhausted]) as server:
        found = opened(server.url).recommend(7)
    assert found[0].items[0].item_id == 700
    assert len(server.requests) == 3 and len({request.id for request in server.requests}) == 1


def test_a_recommender_that_is_loaded_again_is_waited_for(opened: Open) -> None:
    with CannedServer() as server:
        client = opened(server.url)
        client.recommend(7)
        server.failures += [(grpc.StatusCode.NOT_FOUND, "Request for unknown model: 'demo' is not found")] * 2
        assert client.recommend(7)[0].items[0].item_id == 700
    assert len(server.requests) == 4


@pytest.mark.parametrize("code", ["INVALID_ARGUMENT", "INTERNAL", "NOT_FOUND", "UNKNOWN", "UNIMPLEMENTED"])
def test_what_is_refused_is_not(opened: Open, code: str) -> None:
    with CannedServer(failures=[(grpc.StatusCode[code], "because")] * 9) as server:
        with pytest.raises(RecommenderError, match=f"Triton at {server.url} refused the request to 'demo': because"):
            opened(server.url).recommend(7)
        assert len(server.requests) == 1


def test_attempts_are_counted(opened: Open) -> None:
    with CannedServer(failures=[UNAVAILABLE] * 9) as server:
        with pytest.raises(RecommenderError, match=r"more than it can answer \(3 attempts\).*ask later"):
            opened(server.url, retries=2).recommend(7)
        assert len(server.requests) == 3
        with pytest.raises(RecommenderError, match="queue"):
            opened(server.url, retries=0).recommend(7)
        assert len(server.requests) == 4


def test_time_is_that_of_the_whole_call(opened: Open) -> None:
    with CannedServer(failures=[UNAVAILABLE] * 500) as server:
        client = opened(server.url, timeout=0.4, retries=500)
        begun = time.monotonic()
        with pytest.raises(RecommenderError, match=r"attempts|within 0.4 s"):
            client.recommend(range(1, 10))
        assert time.monotonic() - begun < 1.5
        assert len(server.requests) > 3
    with CannedServer(before=lambda request: time.sleep(0.25)) as server:
        client = opened(server.url, timeout=0.4)
        client.recommend(range(1, 10))
        begun = time.monotonic()
        with pytest.raises(RecommenderError, match=f"Triton at {server.url} did not answer for 'demo' within 0.4 s"):
            client.recommend(range(1, 30))  # eight requests, four at once
        assert time.monotonic() - begun < 1.5


def test_a_silent_server_is_not_waited_for_forever(opened: Open) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(RecommenderError, match="'demo'"):
            opened(url, timeout=0.3).recommend(1)


def test_no_server_is_said_in_a_sentence_and_one_that_is_back_is_found(opened: Open) -> None:
    with CannedServer() as server:
        client = opened(server.url, retries=20)
        assert client.recommend(7)
        server.stop()
        with pytest.raises(RecommenderError, match=f"No Triton server answers at {server.url} for 'demo'.*start it"):
            opened(server.url).recommend(7)
        back = threading.Timer(0.5, server.start)
        back.start()
        assert client.recommend(7)[0].items  # begun while there was no server
        back.join()


def test_what_the_model_does_not_take_is_not_sent(opened: Open) -> None:
    with CannedServer(INPUTS | {"country": "UINT8"}) as server:
        client = opened(server.url)
        with pytest.raises(RecommenderError, match=f"'demo' at {server.url} was not sent: .* no 'age'.*but country"):
            client.recommend(7, context={"age": 7})
        with pytest.raises(RecommenderError, match=r"context must be a mapping from names to values, got \['a'\]"):
            client.recommend(7, context=["a"])
        with pytest.raises(RecommenderError, match="takes no events"):
            client.recommend(7, events=[Event(5)])
        with pytest.raises(RecommenderError, match=r"user_ids must be an id or several, got 7\.5"):
            client.recommend(7.5)  # type: ignore[arg-type]
        with pytest.raises(RecommenderError, match=r"user id .* integer, got 'seven'"):
            client.recommend("seven")
        assert server.requests == []
        client.recommend(7, context={"country": "GB"})
        server.inputs |= {"age": "INT32"} | EVENTS  # a release that takes more goes live
        client.recommend([7, 8], context={"age": [7, 8]}, events={8: [Event(5, 3.0)]})
    sent = received(server.requests[-1])
    assert sent["age"].tolist() == [[7], [8]]
    assert sent["event_item"][:, :2].tolist() == [[-(2**63)] * 2, [5, -(2**63)]]
    assert sent["event_item"].shape == (2, 256) and sent["event_time"][:, 0].tolist() == [0, 3]


def test_a_seed_is_sent_to_those_who_sample(opened: Open) -> None:
    with CannedServer() as server:
        opened(server.url).recommend([7, 8], seed=11)
        assert received(server.requests[0])["seed"].tolist() == [[11], [11]]
    with CannedServer({"user_id": "INT64", "k": "INT32"}) as server:
        opened(server.url).recommend(7, seed=11)
        assert set(received(server.requests[0])) == {"user_id", "k"}


def test_what_the_model_takes_is_asked_for_anew_every_time(opened: Open) -> None:
    with CannedServer() as server:
        client = opened(server.url)
        first = client.model()
        assert (first.inputs, first.max_batch_size, first.stages) == (INPUTS, 4, STAGES)
        client.recommend(7)
        assert server.described == 1  # what was told serves the request too
        server.inputs |= {"age": "INT32"}
        assert client.model().inputs == INPUTS | {"age": "INT32"}
    client.close()
    with pytest.raises(RecommenderError, match="is closed"):
        client.model()


def test_a_model_that_is_no_recommender(opened: Open) -> None:
    with CannedServer({"x": "FP32"}) as server, pytest.raises(RecommenderError, match="'demo' is no recommender"):
        opened(server.url).recommend(7)


def test_a_closed_client_says_so(opened: Open) -> None:
    with CannedServer() as server:
        client = opened(server.url)
        client.recommend(7)
        client.close()
        with pytest.raises(RecommenderError, match="is closed"):
            client.recommend(7)


@pytest.mark.parametrize("kind", [RecommenderClient, AsyncRecommenderClient])
def test_an_address_is_host_and_port(kind: Any) -> None:
    with pytest.raises(ValueError, match="leave out the scheme"):
        kind("http://127.0.0.1:8000", "demo")
    with pytest.raises(ValueError, match="timeout must be above 0"):
        kind("127.0.0.1:8001", "demo", timeout=0)


class NamedSources(CannedServer):
    """Items come from a source without a bit of its own; the release's model knows its name, when it answers."""

    def __init__(self, *answers: grpc.StatusCode | None) -> None:
        self.answers, self.asked = list(answers), list[tuple[str, float]]()
        super().__init__()

    def ModelConfig(self, request: Any, context: Any) -> Any:
        if request.name == "demo":
            return super().ModelConfig(request, context)
        self.asked.append((request.name, context.time_remaining()))
        code = self.answers.pop(0) if self.answers else None
        if code is not None:
            context.abort(code, "not now")
        answer = super().ModelConfig(request, context)
        answer.config.parameters["sources"].string_value = "popular,item_knn"
        return answer

    def ModelInfer(self, request: Any, context: Any) -> Any:
        answer = super().ModelInfer(request, context)
        place = next(at for at, output in enumerate(answer.outputs) if output.name == "source")
        size = len(answer.raw_output_contents[place])
        answer.raw_output_contents[place] = bytes([32 | 2] * size)
        answer.outputs.add(name="sources", datatype="UINT32", shape=answer.outputs[place].shape)
        answer.raw_output_contents.append(np.full(size, 3, np.uint32).tobytes())
        return answer


def test_names_of_sources_are_asked_for_once_a_release(opened: Open) -> None:
    with NamedSources() as server:
        client = opened(server.url, timeout=3.0)
        lists = [client.recommend(7, k=2)[0] for _ in range(3)]
    assert {item.sources for found in lists for item in found.items} == {("popular", "item_knn")}
    ((name, left),) = server.asked
    assert name == f"demo.{RELEASE[:12]}" and 0 < left < 3.5  # of the same call


@pytest.mark.parametrize(
    ("code", "then", "asked"),
    [
        (grpc.StatusCode.UNAVAILABLE, ("popular", "item_knn"), 2),
        (grpc.StatusCode.NOT_FOUND, ("popular",), 1),
    ],
    ids=["what may pass", "what nobody knows"],
)
def test_a_list_waits_for_no_name(opened: Open, code: grpc.StatusCode, then: tuple[str, ...], asked: int) -> None:
    with NamedSources(code) as server:
        client = opened(server.url)
        first, second, third = (client.recommend(7, k=1)[0].items[0] for _ in range(3))
    assert first.item_id == second.item_id == third.item_id == 700
    assert first.sources == ("popular",) and second.sources == third.sources == then
    assert len(server.asked) == asked
