"""TimeoutCall: waits for a function only so long, whatever it hangs on."""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, Generic, TypeVar

A = TypeVar("A")
R = TypeVar("R")


class TimeoutCall(Generic[A, R]):
    """Calls a function in a thread of its own and gives up waiting after a while.

    The call that is given up goes on in that thread, since nothing can end it from outside; until it has come
    back, further calls fail at once instead of waiting behind it. Handing the work over takes some 0.03 ms.

    Args:
        function: takes one argument.

    Example:
        >>> TimeoutCall(len)("abc", patience=10)
        3
    """

    def __init__(self, function: Callable[[A], R]) -> None:
        self._function = function
        self._calls: SimpleQueue[_Call] = SimpleQueue()
        self._given_up: list[_Call] = []
        # A daemon: a call that hangs must not keep the process from ending.
        threading.Thread(target=self._work, name="bounded call", daemon=True).start()

    def __call__(self, argument: A, patience: float) -> R:
        """What the function gives, or what it raises.

        Args:
            argument: of the function.
            patience: seconds.

        Raises:
            TimeoutError: when it takes longer, or a call before still hangs.
        """
        self._given_up = [call for call in self._given_up if not call.done]
        if self._given_up:
            raise TimeoutError("the call before still hangs")
        call = _Call(argument)
        self._calls.put(call)
        if not call.waiting.acquire(timeout=patience):
            self._given_up.append(call)
            raise TimeoutError(f"no answer within {patience:.2f} s")
        if call.error is not None:
            raise call.error
        result: R = call.result
        return result

    def _work(self) -> None:
        while True:
            call = self._calls.get()
            try:
                call.result = self._function(call.argument)
            except Exception as error:
                call.error = error
            call.done = True
            call.waiting.release()


class _Call:
    """One call: its argument, and what came of it."""

    def __init__(self, argument: Any) -> None:
        self.argument, self.done = argument, False
        self.result: Any = None
        self.error: Exception | None = None
        self.waiting = threading.Lock()
        self.waiting.acquire()
