"""Kernels: loops over the users of a batch, compiled to machine code.

A serving step does little work on one user, and ten numpy calls of a few microseconds each would cost more than the
work. A loop that is compiled costs what the work costs, treats every user by itself, and is as fast on the batches of
training.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, Any, ParamSpec, TypeVar, get_type_hints

import numpy as np
import numpy.typing as npt

P = ParamSpec("P")
R = TypeVar("R")

Bools = Annotated[npt.NDArray[np.bool_], ("boolean", 1)]
UInt8s = Annotated[npt.NDArray[np.uint8], ("uint8", 1)]
UInt32s = Annotated[npt.NDArray[np.uint32], ("uint32", 1)]
Int32s = Annotated[npt.NDArray[np.int32], ("int32", 1)]
Int32Matrix = Annotated[npt.NDArray[np.int32], ("int32", 2)]
Int64s = Annotated[npt.NDArray[np.int64], ("int64", 1)]
Int64Matrix = Annotated[npt.NDArray[np.int64], ("int64", 2)]
Float32s = Annotated[npt.NDArray[np.float32], ("float32", 1)]
Float64s = Annotated[npt.NDArray[np.float64], ("float64", 1)]
Float32Matrix = Annotated[npt.NDArray[np.float32], ("float32", 2)]

PARTS = 8
"""For each thread: parts are not equally long, and who is done early takes another."""
_SCALARS = {bool: "boolean", int: "int64", float: "float64"}


def kernel(writes: int, beside: bool = False) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Compiles a function with Numba when it is first called, for the types of its annotations and no others.

    What is compiled is kept beside the source (or in `NUMBA_CACHE_DIR`), and read from there by the next process.
    Arrays of other types are an error, never another compilation; numbers are converted, as C does. The function calls
    nothing but numpy and builtins. Nothing looks whether a place lies in an array: who calls a kernel has seen to it.

    Args:
        writes: how many of the last arguments are arrays that the function writes to; the others may be read-only.
        beside: whether several threads may run it at once, on arrays of their own to write to: for long work, which
            `in_threads` spreads.

    Raises:
        TypeError: by the function, when it is given arrays of other types, or one that is not contiguous.

    Example:
        >>> @kernel(writes=1)
        ... def doubled(values: Float32s, result: Float32s) -> None:
        ...     for place in range(len(values)):
        ...         result[place] = 2 * values[place]
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        compiled: Callable[P, R] | None = None

        def call(*args: P.args, **kwargs: P.kwargs) -> R:
            nonlocal compiled
            if compiled is None:
                compiled = _compiled(function, writes, beside)
            return compiled(*args, **kwargs)

        call.__name__, call.__doc__ = function.__name__, function.__doc__
        return call

    return decorate


def in_threads(work: Callable[[int, int], object], size: int, least: int = 1) -> None:
    """Calls `work(start, end)` for ranges that hold every number below `size` once, in as many threads as Polars has.

    Their number is the cores of this process, and what is set for the workers of a cluster (`POLARS_MAX_THREADS`).

    Args:
        work: calls a kernel that runs `beside` others, and writes to places of its range alone.
        size: how many there are.
        least: numbers of a range, where each needs room of its own to work in.
    """
    import polars as pl

    threads = pl.thread_pool_size()
    step = max(least, -(-size // (threads * PARTS)))
    with ThreadPoolExecutor(threads) as pool:
        for _ in pool.map(lambda start: work(start, min(start + step, size)), range(0, size, step)):
            pass


def _compiled(function: Callable[P, R], writes: int, beside: bool) -> Callable[P, R]:
    import numba  # takes a third of a second, which who computes nothing need not wait for

    hints = get_type_hints(function, include_extras=True)
    kinds = [kind for name, kind in hints.items() if name != "return"]
    read = len(kinds) - writes
    signature = tuple(_type(kind, place < read) for place, kind in enumerate(kinds))
    try:
        dispatcher: Any = numba.njit(cache=True, nogil=beside)(function)
        dispatcher.compile(signature)
    except (RuntimeError, OSError):  # no folder that may be written to, or a full disk: this process for itself
        dispatcher = numba.njit(nogil=beside)(function)
        dispatcher.compile(signature)
    dispatcher.disable_compile()
    result: Callable[P, R] = dispatcher
    return result


def _type(kind: Any, read_only: bool) -> Any:
    from numba import types

    if kind in _SCALARS:
        return getattr(types, _SCALARS[kind])
    element, dimensions = kind.__metadata__[0]
    return types.Array(getattr(types, element), dimensions, "C", readonly=read_only)
