"""An embedded Triton server: one daemon a home, on loopback, that outlives whoever started it and its own crashes."""

from __future__ import annotations

import contextlib
import errno
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from serving.triton.control.process import open_log
from serving.triton.control.server_state import LOOPBACK, ServerState
from serving.triton.server.backends import KEEPER, server_environment
from serving.triton.server.server_process import PRIVATE, ServerProcess
from serving.triton.server.supervisor import is_kept

ENVIRONMENT = {
    "TF_CPP_MIN_LOG_LEVEL": "2",
    # For one request at a time, handing work to other threads costs more than the work.
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "POLARS_MAX_THREADS": "1",  # which writes the decision log, beside who answers
    # Else each of the many threads keeps holes of its own, of the size of the largest messages that it met.
    "MALLOC_ARENA_MAX": "2",
}
"""Variables of the server where none of these names are given."""

Ports = tuple[int | None, int | None]
KINDS = ("grpc_port", "metrics_port")
ANY: Ports = (None, None)


class TritonServer:
    """The daemon of one home: `start`, `status`, `stop`.

    The server runs in a session of its own and in explicit model control; it listens on loopback only, and takes orders
    at a socket in its folder alone, which nobody but its owner may enter. A small keeper beside it starts it again at
    the same ports when it dies, with everything that was live.
    All its files lie below `folder`: `server.json`, `server.log`, `keeper.log`, `http.sock`, `models/`, `backends/`.

    Args:
        folder: `<home>/triton`.
        grpc_port: fixed gRPC port; None asks the system for a free one.
        metrics_port: fixed metrics port, or None.
        environment: variables that the server shall have; it inherits none by itself.

    Example:
        >>> server = TritonServer(home.triton)
        >>> server.start().grpc_url  # doctest: +SKIP
        '127.0.0.1:40123'
        >>> server.stop()
        False
    """

    def __init__(
        self,
        folder: Path,
        *,
        grpc_port: int | None = None,
        metrics_port: int | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.folder = folder.resolve()
        self._process = ServerProcess(self.folder)
        self.repository = self._process.repository
        self.log = self._process.log
        self._ports = (grpc_port, metrics_port)
        self._environment = {**ENVIRONMENT, **(environment or {})}

    @property
    def identifier(self) -> str:
        """Name of the home's server."""
        return self._process.identifier

    def start(self, timeout: float = 60.0) -> ServerState:
        """Starts the daemon unless it runs already, and waits until it answers.

        One that died is started at the ports that it had, as far as they are still free; so is one whose home was
        moved under it.

        Args:
            timeout: seconds to wait for the first answer.

        Raises:
            RuntimeError: when a port that was asked for is in use; when it ended or did not answer in time, and
                then the message ends with the log's last lines.
            ValueError: when it runs already at other ports than those asked for, or its model repository lies
                outside its home.
        """
        with self._process.locked():
            state = self._process.running()
            if state is not None and not self._process.is_here(state):
                # It reads and writes where the home was before it was moved, or is one of an earlier version, which
                # others control: another one is started, at its ports.
                self._process.end_all(15.0)
                state = None
            if state is not None:
                self._check_ports(state)
                self._wait(state, timeout)
            else:
                state = self._started(timeout)
            if not is_kept(self.folder):
                self._start_keeper()
            return state

    def status(self) -> ServerState | None:
        """State of the running daemon, None when there is none.

        One that has died counts as none, and so does one that an earlier version started, until the next `start`, and
        one that is just being started and can be asked nothing.
        """
        state = self._process.running()
        return state if state is not None and state.closed and self._process.is_open else None

    def stop(self, timeout: float = 15.0) -> bool:
        """Ends the daemon with all its backend processes and its keeper, and makes sure that none is left.

        Args:
            timeout: seconds for an orderly end before it is killed.

        Returns:
            Whether anything had been running; also where the home was moved, or deleted, since it was started.

        Raises:
            RuntimeError: when a process could not be ended.
        """
        if not self.folder.exists():  # nor is there anything to lock
            return self._process.end_all(timeout)
        with self._process.locked():
            running = self._process.end_all(timeout)
            with contextlib.suppress(FileNotFoundError):  # the next one takes its ports again: clients know them
                self._process.state_file.replace(self._stopped)
            return running

    def last_log_lines(self, count: int = 15) -> str:
        """The end of the server's log."""
        return self._process.last_log_lines(count)

    # --- starting -------------------------------------------------------------------------------------
    def _started(self, timeout: float) -> ServerState:
        self._process.end(15.0)
        # Between asking for a free port and using it, somebody else may have taken it.
        for left, before in ((2, self._ports_before()), (1, ANY), (0, ANY)):
            ports = _free_ports(self._ports, before)
            state = self._process.launch(ports, server_environment(self._environment))
            try:
                self._wait(state, timeout)
                return state
            except RuntimeError as error:
                self._process.end(15.0)
                taken = "in use" in str(error) or "bind" in str(error)
                if not (taken and left):
                    raise
        raise AssertionError("unreachable")

    @property
    def _stopped(self) -> Path:
        return self.folder / "stopped.json"

    def _ports_before(self) -> Ports:
        """Those of the server before, which died or was stopped: clients know them."""
        last = ServerState.last(self._process.state_file) or ServerState.last(self._stopped)
        return ANY if last is None else (last.grpc_port, last.metrics_port)

    def _start_keeper(self) -> None:
        project = str(Path(__file__).resolve().parents[3])
        with open_log(self.folder / "keeper.log") as log:
            subprocess.Popen(
                [sys.executable, "-P", "-m", KEEPER, f"{self.folder}/"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                # The server gets the keeper's variables when it is started again.
                env={**server_environment(self._environment), "PYTHONPATH": project},
                start_new_session=True,
                close_fds=True,
                umask=PRIVATE,
            )

    def _wait(self, state: ServerState, timeout: float) -> None:
        deadline = time.monotonic() + timeout
        while not (self._process.answers() and _listens(state.metrics_port)):  # it opens that port last
            if not state.alive():
                raise RuntimeError(f"The Triton server ended while starting; {self.log} says:\n{self.last_log_lines()}")
            if time.monotonic() > deadline:
                raise RuntimeError(
                    f"The Triton server (process {state.pid}) did not answer within {timeout:.0f} s; "
                    f" {self.log} says:\n{self.last_log_lines()}"
                )
            time.sleep(0.05)

    def _check_ports(self, state: ServerState) -> None:
        running = (state.grpc_port, state.metrics_port)
        if any(asked not in (None, port) for asked, port in zip(self._ports, running, strict=True)):
            raise ValueError(
                f"The Triton server of {self.folder} runs at the ports (grpc, metrics) {running}, but "
                f"{self._ports} are configured; stop it first (`recsys stop`)."
            )


def _listens(port: int) -> bool:
    try:
        socket.create_connection((LOOPBACK, port), timeout=1.0).close()
    except OSError:
        return False
    return True


def _free_ports(asked: Ports, before: Ports = ANY) -> tuple[int, int]:
    """Ports for grpc and metrics: those asked for, else those of before that are free, else any.

    Raises:
        RuntimeError: when one that was asked for is not free.
    """
    with contextlib.ExitStack() as stack:  # all are held until the last is known, so that they differ
        found = {kind: _asked_for(stack, kind, port) for kind, port in zip(KINDS, asked, strict=True) if port}
        for kind, last in zip(KINDS, before, strict=True):
            if kind not in found:
                found[kind] = _same_or_other(stack, last)
    grpc, metrics = (found[kind] for kind in KINDS)
    return grpc, metrics


def _asked_for(stack: contextlib.ExitStack, kind: str, port: int) -> int:
    try:
        return _held(stack, port)
    except OSError as error:
        why = "is in use" if error.errno == errno.EADDRINUSE else f"cannot be opened ({error.strerror})"
        raise RuntimeError(f"Port {port} ({kind}) {why}; free it, or configure another.") from error


def _same_or_other(stack: contextlib.ExitStack, port: int | None) -> int:
    try:
        return _held(stack, port or 0)
    except (OSError, OverflowError):  # of a number that is no port
        return _held(stack, 0)


def _held(stack: contextlib.ExitStack, port: int) -> int:
    """Listens at a port, 0 for any, as the server will: connections that were closed just now do not count."""
    probe = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    probe.bind((LOOPBACK, port))
    probe.listen(1)
    return int(probe.getsockname()[1])
