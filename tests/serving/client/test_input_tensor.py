from __future__ import annotations

import struct

import pytest

from serving.client.input_tensor import InputTensor


def test_nothing_known_of_a_user_is_the_null_of_its_type() -> None:
    assert InputTensor.of_values("age", [17, None], "INT64").raw == struct.pack("<qq", 17, -(2**63))
    number, nothing = struct.unpack("<ff", InputTensor.of_values("price", [1.5, None], "FP32").raw)
    assert number == 1.5 and nothing != nothing
    assert InputTensor.of_values("country", ["DE", None], "UINT8").raw == b"DE".ljust(256, b"\0") + bytes(256)


@pytest.mark.parametrize(
    ("value", "kind", "reason"),
    [
        (7, "UINT8", "'c' must be a string, got 7"),
        ("x" * 257, "UINT8", "at most 256 bytes"),
        (1.5, "INT64", "'c' must be an integer of 64 bits, got 1.5"),
        (2**63, "INT64", "'c' must be an integer of 64 bits"),
        ("DE", "FP32", "'c' must be a number of 32 bits"),
        (float("nan"), "FP32", "'c' must be finite, got nan; None says that nothing is known"),
        (float("-inf"), "FP64", "'c' must be finite, got -inf"),
        (10**400, "FP64", "'c' must be a number"),
    ],
)
def test_what_a_request_cannot_say_is_named(value: object, kind: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        InputTensor.of_values("c", [value], kind)
