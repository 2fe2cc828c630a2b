"""What is to stay as it was while a server is attacked: its processes, its memory, and what it answers to others."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import grpc  # type: ignore[import-untyped]
import psutil
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from tritonclient.grpc import service_pb2

from serving.client.connection import OPTIONS
from serving.triton.control.process import processes_of
from serving.triton.server.backends import PROGRAMS
from tests.serving.triton.hostile import Attack, Victim, attacks

SIDE_BY_SIDE = 8
"""Attacks that are under way at once, with a healthy request beside each."""
FUZZ = settings(database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
METHOD = "/inference.GRPCInferenceService/ModelInfer"


class Watch:
    """A server under attack, and a request that it must go on answering.

    Args:
        url: its gRPC address.
        home: its folder.
        victim: whom to ask meanwhile.
    """

    def __init__(self, url: str, home: Path, victim: Victim) -> None:
        self._home, self.victim = home, victim
        self._channel = grpc.insecure_channel(url, options=OPTIONS)
        self._infer = self._channel.unary_unary(METHOD)
        self._healthy = victim.healthy()
        self._right = told(self._infer(self._healthy, timeout=10))
        self._processes = self._alive()

    def strike(self, attacks: Sequence[Attack]) -> None:
        """Sends all at once, a healthy request beside each: one gets its error, the other its right answer."""
        messages = [message for attack in attacks for message in (attack.message, self._healthy)]
        under_way = [self._infer.future(message, timeout=60) for message in messages]
        for attack, faulty, healthy in zip(attacks, under_way[::2], under_way[1::2], strict=True):
            error = faulty.exception()
            assert error is not None, f"{attack.name} was answered: {attack.message[:200]!r}"
            assert re.search(attack.reason, error.details()), (attack.name, attack.reason, error.details()[:500])
            assert told(healthy.result()) == self._right, attack.name

    def fuzz(self, batches: int, number: int) -> None:
        """Strikes with so many batches of attacks, the same ones for the same number."""

        @seed(number)
        @settings(FUZZ, max_examples=batches)
        @given(st.lists(attacks(self.victim), min_size=SIDE_BY_SIDE, max_size=SIDE_BY_SIDE))
        def strike(some: list[Attack]) -> None:
            self.strike(some)

        strike()

    def join(self, messages: Sequence[bytes]) -> None:
        """Sends all at once, a healthy request beside each; every one is answered."""
        under_way = [self._infer.future(one, timeout=60) for message in messages for one in (message, self._healthy)]
        for answer in under_way[::2]:
            told(answer.result())
        assert all(told(healthy.result()) == self._right for healthy in under_way[1::2])

    def is_unharmed(self) -> bool:
        """Whether its processes are those of the beginning, and it answers as then."""
        return self._alive() == self._processes and told(self._infer(self._healthy, timeout=10)) == self._right

    def memory(self, shared: str) -> float:
        """MB of the server and the victim's processes, and of what they share under names with `shared` in them."""
        processes = sum(process.memory_info().rss for process in self._own())
        return (processes + sum(file.stat().st_size for file in Path("/dev/shm").glob(f"*{shared}*"))) / 2**20

    def close(self) -> None:
        """Ends the connection."""
        self._channel.close()

    def _alive(self) -> list[int]:
        return sorted(process.pid for process in self._own())

    def _own(self) -> list[psutil.Process]:
        """The server and the victim's own; models of other tests come, go and rest as they like."""
        own = re.compile(rf"bin/tritonserver|/{re.escape(self.victim.model)}\.")
        there = processes_of(self._home, PROGRAMS)
        return [process for process in there if own.search(" ".join(process.info["cmdline"]))]


def told(raw: bytes) -> dict[str, Any]:
    """The lists of an answer, by output; how long it took left out."""
    answer = service_pb2.ModelInferResponse.FromString(raw)
    names = [output.name for output in answer.outputs]
    found = dict(zip(names, answer.raw_output_contents, strict=True))
    return {name: found[name] for name in ("item_id", "score", "source", "count", "release")}
