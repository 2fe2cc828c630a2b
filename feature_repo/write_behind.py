"""Writing one part while the next one is made."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")


@contextmanager
def writing_behind(write: Callable[[T], None]) -> Iterator[Callable[[T], None]]:
    """Gives a function that has a thread of its own write, in order, and waits for the part before: two are held.

    Args:
        write: writes one part.

    Raises:
        BaseException: what `write` raised, at the next part or at the end; nothing is written after it.
    """
    with ThreadPoolExecutor(1) as thread:
        last: list[Future[None]] = []

        def then(part: T) -> None:
            if last:
                last.pop().result()
            last.append(thread.submit(write, part))

        yield then
        if last:
            last.pop().result()
