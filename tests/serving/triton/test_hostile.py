"""What a real server says to requests that nobody should send, and that nobody else notices."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from serving.triton.deployment.deployment import deploy
from serving.triton.deployment.rollout import roll_out
from serving.triton.deployment.target import TritonTarget
from serving.triton.repository.layout_settings import LayoutSettings
from serving.triton.repository.model_settings import ModelSettings
from serving.triton.server.server import TritonServer
from tests.serving.choosy_toy import choosy_release
from tests.serving.toys import toy_release
from tests.serving.triton.conftest import know_toys
from tests.serving.triton.hostile import Attack, Victim, with_values
from tests.serving.triton.watch import SIDE_BY_SIDE, Watch

pytestmark = pytest.mark.triton
TEXT = Victim("hostile", ("u100", "u103", "nobody"), {"user_id": ("UINT8", 256), "k": ("INT32", 1)})
CONTEXT = {"seed": ("INT64", 1), "context_age": ("INT64", 1), "context_price": ("FP64", 1)}
INTEGERS = {"user_id": ("INT64", 1), "k": ("INT32", 1), "context_country": ("UINT8", 256)}
DRAWN = Victim("drawn", (100, 103, -7), INTEGERS | CONTEXT)
STEPS = replace(TEXT, model="struck")
FLAT = 48.0
"""MB by which the memory of the server and of the processes of one recommender may be another afterwards."""


@pytest.fixture(scope="module")
def attacked(server: TritonServer, tmp_path_factory: pytest.TempPathFactory) -> TritonServer:
    """The server, with the recommenders of this file."""
    root = tmp_path_factory.mktemp("hostile")
    target = TritonTarget.embedded(server)
    by_stage = ModelSettings(form=LayoutSettings("ensemble", "stage"))
    with pytest.MonkeyPatch.context() as patch:
        know_toys(patch)
        deploy(toy_release(root, TEXT.model, "string"), target, TEXT.users)
        deploy(choosy_release(root, DRAWN.model), target, DRAWN.users)
        deploy(toy_release(root, STEPS.model, "string"), replace(target, settings=by_stage), STEPS.users)
    return server


@pytest.fixture(params=[TEXT, DRAWN, STEPS], ids=lambda victim: victim.model)
def watch(attacked: TritonServer, request: pytest.FixtureRequest) -> Iterator[Watch]:
    watch = Watch(attacked.start().grpc_url, attacked.folder, request.param)
    yield watch
    assert watch.is_unharmed()
    watch.close()


def test_each_hostile_request_gets_its_own_error(watch: Watch) -> None:
    watch.fuzz(10, 1)


@pytest.mark.long
def test_thousands_of_hostile_requests_cost_no_memory(watch: Watch, attacked: TritonServer) -> None:
    large = Attack("name", watch.victim.request(name="é" * 2**20).SerializeToString(), "at most 256")
    for _ in range(10):  # as much at once as there will ever be
        watch.strike([large] * SIDE_BY_SIDE)
    watch.fuzz(200, 2)
    before = watch.memory(attacked.identifier)
    watch.fuzz(700, 3)
    after = watch.memory(attacked.identifier)
    print(f"{watch.victim.model}: {900 * SIDE_BY_SIDE} cases; {before:.0f} MB, then {after:.0f} MB")
    assert after - before < FLAT


def text(*values: bytes) -> list[bytes]:
    return [value.ljust(256, b"\0") for value in values]


@pytest.mark.long
def test_a_router_of_two_releases_refuses_the_same(target: TritonTarget, server: TritonServer, tmp_path: Path) -> None:
    live, challenger = (toy_release(tmp_path, "routed", "string", number) for number in range(2))
    deploy(live, target, TEXT.users)
    roll_out(challenger, target, TEXT.users, canary=0.5)
    watch = Watch(target.grpc_url, server.folder, replace(TEXT, model="routed"))
    watch.fuzz(150, 6)
    assert watch.is_unharmed()
    watch.close()


NAN, INF = float("nan"), float("inf")
WRONG: list[tuple[Victim, str, list[Any], str]] = [
    *((TEXT, "k", [k], rf"'k' of a request must lie between 1 and 1000, got {k}\.") for k in (0, -1, 10**9)),
    *((DRAWN, "k", [5, k], "'k' of a request must lie between 1 and 1000") for k in (0, -1, 10**9, -(2**31))),
    (TEXT, "user_id", text(b"u100", b"\xff\xfe"), "'user_id' of a request must be UTF-8: invalid start byte"),
    (DRAWN, "context_country", text(b"DE", b"\xc3"), "'context_country' of a request must be UTF-8"),
    (DRAWN, "context_price", [1.0, INF], r"'context_price' of a request must be finite, got 1.0 to inf; leave it out"),
    (DRAWN, "context_price", [-INF], "'context_price' of a request must be finite, got -inf; leave it out"),
]


@pytest.mark.parametrize(("victim", "column", "values", "reason"), WRONG)
def test_what_a_column_must_not_hold(
    attacked: TritonServer, victim: Victim, column: str, values: list[Any], reason: str
) -> None:
    watch = Watch(attacked.start().grpc_url, attacked.folder, victim)
    message = with_values(victim, column, values).SerializeToString()
    watch.strike([Attack(column, message, reason)] * SIDE_BY_SIDE)
    assert watch.is_unharmed()
    watch.close()


def test_extreme_values_that_a_column_may_hold_disturb_nobody(attacked: TritonServer) -> None:
    watch = Watch(attacked.start().grpc_url, attacked.folder, DRAWN)
    least, most = -(2**63), 2**63 - 1
    values = {"user_id": [least, most], "seed": [least, -2, -1, most], "context_age": [least, -1, most]}
    extremes = [("context_price", [NAN, -1e308, 1e308, 5e-324]), ("context_country", text(b"", b"a\0b", b"x" * 256))]
    for column, some in [*values.items(), *extremes]:
        watch.join([with_values(DRAWN, column, [value]).SerializeToString() for value in some])
    watch.close()


def test_long_ids_and_crowds_leave_the_memory_as_it_was(attacked: TritonServer) -> None:
    watch = Watch(attacked.start().grpc_url, attacked.folder, TEXT)
    long_id, crowd = TEXT.request(k=None), TEXT.request(10_000).SerializeToString()
    long_id.inputs[0].shape[1], long_id.raw_input_contents[0] = 2**20, b"x" * 2**20
    refused = Attack("long", long_id.SerializeToString(), r"Expected \[-1,256\], got \[1,1048576\]")
    attacks = [refused, Attack("crowd", crowd, "batch-size must be <= 1024")] * 4
    for _ in range(5):
        watch.strike(attacks)
    before = watch.memory(attacked.identifier)
    for _ in range(15):
        watch.strike(attacks)
    assert watch.memory(attacked.identifier) - before < FLAT
    assert watch.is_unharmed()
    watch.close()


@pytest.mark.long
def test_memory_of_the_largest_messages_is_given_back(attacked: TritonServer) -> None:
    watch = Watch(attacked.start().grpc_url, attacked.folder, TEXT)
    huge = TEXT.request(k=None)
    huge.inputs[0].shape[:], huge.raw_input_contents[0] = [256, 2**20], bytes(256 * 2**20)
    attack = Attack("huge", huge.SerializeToString(), r"got \[256,1048576\]")
    watch.strike([attack] * 2)
    before = watch.memory(attacked.identifier)
    for _ in range(10):
        watch.strike([attack])
    after = watch.memory(attacked.identifier)
    print(f"ten messages of 256 MB: {before:.0f} MB, then {after:.0f} MB")
    assert after - before < 256 and watch.is_unharmed()
    watch.close()


@pytest.mark.parametrize(
    "rubbish",
    [b"", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(range(256)), b"GET / HTTP/1.1\r\n\r\n"],
    ids=["nothing", "http/2", "http/1"],
)
def test_rubbish_at_its_ports_is_nobodys_trouble(attacked: TritonServer, rubbish: bytes) -> None:
    state = attacked.start()
    watch = Watch(state.grpc_url, attacked.folder, TEXT)
    for port in (state.grpc_port, state.metrics_port):
        with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            connection.sendall(rubbish)
            connection.shutdown(socket.SHUT_WR)
    assert watch.is_unharmed()
    watch.close()
