from __future__ import annotations

import threading
import time

import pytest

from serving.stores.timeout_call import TimeoutCall


def test_results_and_errors_come_through() -> None:
    call = TimeoutCall(lambda number: 10 // number)
    assert [call(n, 5.0) for n in (1, 2, 5)] == [10, 5, 2]
    with pytest.raises(ZeroDivisionError):
        call(0, 5.0)
    assert call(10, 5.0) == 1


def test_a_call_that_hangs_is_given_up_and_those_after_it_fail_at_once() -> None:
    gate = threading.Event()
    call = TimeoutCall(lambda wait: gate.wait(10) if wait else "well")
    with pytest.raises(TimeoutError, match=r"no answer within 0\.05 s"):
        call(True, 0.05)
    began = time.perf_counter()
    for _ in range(100):
        with pytest.raises(TimeoutError, match="still hangs"):
            call(False, 5.0)
    assert time.perf_counter() - began < 1.0
    gate.set()
    deadline = time.monotonic() + 5
    while True:
        try:
            assert call(False, 5.0) == "well"
            return
        except TimeoutError:
            assert time.monotonic() < deadline


def test_several_callers_get_each_their_own() -> None:
    call = TimeoutCall(lambda number: (time.sleep(0.001), number)[1])
    found: dict[int, list[int]] = {n: [] for n in range(8)}

    def ask(number: int) -> None:
        found[number] = [call(number, 5.0) for _ in range(20)]

    threads = [threading.Thread(target=ask, args=(n,)) for n in found]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {n: [n] * 20 for n in found}
