from __future__ import annotations

import re

import pytest

from serving.triton.server.backends import SERVER, wheel_folder
from serving.triton.server.closed_server import CLOSED, SERVICE, closed_server

OPEN = ("ServerLive", "ServerReady", "ServerMetadata", "ModelReady", "ModelMetadata", "ModelConfig", "ModelInfer")


def test_only_the_names_of_closed_methods_change() -> None:
    program = (wheel_folder() / "bin" / SERVER).read_bytes()
    first, second = closed_server(program), closed_server(program)
    assert len(first) == len(program) and first != second, "drawn anew"
    for method in CLOSED:
        assert SERVICE + method.encode() + b"\0" not in first
    for method in OPEN:
        assert first.count(SERVICE + method.encode() + b"\0") == 1
    changed = sum(a != b for a, b in zip(first, program, strict=True))
    assert 0 < changed <= len(CLOSED) * (len(SERVICE) - 2)


def test_every_method_of_the_service_is_known() -> None:
    """A method that a later version adds is looked at by a person before it is left open."""
    found = set(re.findall(re.escape(SERVICE) + rb"(\w+)\0", (wheel_folder() / "bin" / SERVER).read_bytes()))
    more = {"ModelStreamInfer", "ModelStatistics"}
    assert {method.decode() for method in found} == {*CLOSED, *OPEN, *more}


@pytest.mark.parametrize("times", [0, 2])
def test_a_program_that_cannot_be_closed_is_not_run(times: int) -> None:
    names = dict.fromkeys(CLOSED, 1) | {"LogSettings": times}
    program = b"".join((SERVICE + method.encode() + b"\0") * count for method, count in names.items())
    with pytest.raises(ValueError, match=f"names the method LogSettings {times} times, expected once"):
        closed_server(program)
