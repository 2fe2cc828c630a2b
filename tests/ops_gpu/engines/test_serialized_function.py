from __future__ import annotations

from distributed.protocol import deserialize, serialize

from ops_gpu.engines.serialized_function import SerializedFunction


def test_a_function_travels_as_bytes_and_is_unpacked_once() -> None:
    learnt = list(range(1000))
    packed = SerializedFunction.of(lambda place: learnt[place])
    assert packed.function(7) == 7
    assert packed.function is packed.function
    arrived = deserialize(*serialize(packed))  # as a scheduler and a worker hand it on
    assert "function" not in vars(arrived)  # what was unpacked here is not sent along
    assert arrived == packed
    assert arrived.function(8) == 8
