from __future__ import annotations

import errno
import subprocess
import sys
import threading
import time
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops_gpu.primitives.kernel import Float32s, Float64s, Int64s, in_threads, kernel


@kernel(writes=1)
def scaled(values: Float32s, places: Int64s, factor: int, shifted: bool, result: Float32s) -> int:
    """Doubles."""
    for at in range(len(places)):
        result[at] = factor * values[places[at]] + shifted
    return len(places)


VALUES, PLACES = np.array([1, 2, 3], np.float32), np.array([2, 0])


def test_a_loop_over_arrays() -> None:
    result = np.zeros(3, np.float32)
    assert scaled(VALUES, PLACES, 10, True, result) == 2
    assert result.tolist() == [31, 11, 0]
    assert (scaled.__name__, scaled.__doc__) == ("scaled", "Doubles.")


def test_what_is_read_may_be_read_only() -> None:
    values = VALUES.copy()
    values.flags.writeable = False
    result = np.zeros(2, np.float32)
    scaled(values, PLACES, 1, False, result)
    assert result.tolist() == [3, 1]
    result.flags.writeable = False
    with pytest.raises(TypeError):
        scaled(values, PLACES, 1, False, result)


@pytest.mark.parametrize("values", [VALUES.astype(np.float64), VALUES[::2], VALUES[None], [1.0, 2.0]])
def test_other_types_are_an_error_and_no_compilation(values: Any) -> None:
    with pytest.raises(TypeError):
        scaled(values, PLACES, 1, False, np.zeros(2, np.float32))


@pytest.mark.parametrize("lacking", ["a folder", "room"])
def test_a_process_that_cannot_keep_what_it_compiled_compiles_for_itself(
    monkeypatch: pytest.MonkeyPatch, lacking: str
) -> None:
    import numba
    from numba.core.caching import IndexDataCacheFile

    real = numba.njit

    def njit(*args: Any, **options: Any) -> Any:
        if options.get("cache") and lacking == "a folder":
            raise RuntimeError("cannot cache function: no locator available")
        return real(*args, **options)

    def save(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(numba, "njit", njit)
    monkeypatch.setattr(IndexDataCacheFile, "save", save)
    own = kernel(writes=1)(_copied)
    result = np.zeros(3, np.float32)
    own(VALUES, result)
    assert result.tolist() == VALUES.tolist()


def _copied(values: Float32s, result: Float32s) -> None:
    for at in range(len(values)):
        result[at] = values[at]


def test_who_computes_nothing_waits_for_no_compiler() -> None:
    check = "import sys, ops_gpu.features.ranking_features; sys.exit('numba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0


@given(size=st.integers(0, 300))
def test_every_number_comes_once(size: int) -> None:
    seen = np.zeros(size, np.int64)

    def work(start: int, end: int) -> None:
        assert start < end
        seen[start:end] += 1

    in_threads(work, size)
    assert (seen == 1).all()


def test_what_goes_wrong_in_a_thread_is_told() -> None:
    def work(start: int, end: int) -> None:
        if start:
            raise RuntimeError(f"from {start}")

    with pytest.raises(RuntimeError, match="from"):
        in_threads(work, 100)


@kernel(writes=1, beside=True)
def _long(rounds: int, result: Float64s) -> None:
    for number in range(rounds):
        result[0] += np.sqrt(result[0] + number)


def test_a_kernel_that_runs_beside_others_lets_other_threads_go_on() -> None:
    _long(1, np.zeros(1))  # compiled before
    done, seen = threading.Event(), 0
    worker = threading.Thread(target=lambda: (_long(200_000_000, np.zeros(1)), done.set()))
    worker.start()
    while not done.is_set():
        time.sleep(0.01)
        seen += 1
    worker.join()
    assert seen > 3
