"""An embedded Triton server: one daemon a home, on loopback, that outlives whoever started it and its own crashes."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from serving.triton.backends import KEEPER, server_environment
from serving.triton.keeper import is_kept
from serving.triton.server_process import ServerProcess
from serving.triton.server_state import LOOPBACK, ServerState

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

Ports = tuple[int | None, int | None, int | None]


class TritonServer:
    """The daemon of one home: `start`, `status`, `stop`.

    The server runs in a session of its own and in explicit model control; it listens on loopback only.
    A small keeper beside it starts it again at the same ports when it dies, with everything that was live.
    All its files lie below `folder`: `server.json`, `server.log`, `keeper.log`, `models/`, `backends/`.

    Args:
        folder: `<home>/triton`.
        http_port: fixed HTTP port; None asks the system for a free one.
        grpc_port: fixed gRPC port, or None.
        metrics_port: fixed metrics port, or None.
        environment: variables that the server shall have; it inherits none by itself.

    Example:
        >>> server = TritonServer(home.triton)
        >>> server.start().grpc_url
        '127.0.0.1:40123'
        >>> server.stop()
    """

    def __init__(
        self,
        folder: Path,
        *,
        http_port: int | None = None,
        grpc_port: int | None = None,
        metrics_port: int | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.folder = folder.resolve()
        self._process = ServerProcess(self.folder)
        self.repository = self._process.repository
        self.log = self._process.log
        self._ports = (http_port, grpc_port, metrics_port)
        self._environment = {**ENVIRONMENT, **(environment or {})}

    @property
    def identifier(self) -> str:
        """Name of the home's server."""
        return self._process.identifier

    def start(self, timeout: float = 60.0) -> ServerState:
        """Starts the daemon unless it runs already, and waits until it answers.

        One that died is started at the ports that it had, as far as they are still free.

        Args:
            timeout: seconds to wait for the first answer.

        Raises:
            RuntimeError: when it ended or did not answer in time; the message ends with the log's last
                lines.
            ValueError: when it runs already at other ports than those asked for, or its model repository lies
                outside its home.
        """
        with self._process.locked():
            state = self.status()
            if state is not None:
                self._check_ports(state)
                self._wait(state, timeout)
            else:
                state = self._started(timeout)
            if not is_kept(self.folder):
                self._start_keeper()
            return state

    def status(self) -> ServerState | None:
        """State of the running daemon, None when there is none (the state of a dead one is ignored)."""
        return ServerState.load(self._process.state_file)

    def stop(self, timeout: float = 15.0) -> bool:
        """Ends the daemon with all its backend processes and its keeper, and makes sure that none is left.

        Args:
            timeout: seconds for an orderly end before it is killed.

        Returns:
            Whether anything had been running.

        Raises:
            RuntimeError: when a process could not be ended.
        """
        if not self.folder.exists():
            return False
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
        attempts = [self._ports_before(), self._ports, self._ports]
        for left, ports in zip((2, 1, 0), attempts, strict=True):
            state = self._process.launch(_free_ports(ports), server_environment(self._environment))
            try:
                self._wait(state, timeout)
                return state
            except RuntimeError as error:
                self._process.end(15.0)
                taken = "in use" in str(error) or "bind" in str(error)
                if not (taken and left) or (all(self._ports) and ports == self._ports):
                    raise
        raise AssertionError("unreachable")

    @property
    def _stopped(self) -> Path:
        return self.folder / "stopped.json"

    def _ports_before(self) -> Ports:
        """Those asked for, or else those of the server before, which died or was stopped: clients know them."""
        last = ServerState.last(self._process.state_file) or ServerState.last(self._stopped)
        if last is None:
            return self._ports
        http, grpc, metrics = self._ports
        return http or last.http_port, grpc or last.grpc_port, metrics or last.metrics_port

    def _start_keeper(self) -> None:
        project = str(Path(__file__).resolve().parents[2])
        with (self.folder / "keeper.log").open("ab") as log:
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
            )

    def _wait(self, state: ServerState, timeout: float) -> None:
        deadline = time.monotonic() + timeout
        while not self._process.answers(state):
            if not state.alive():
                raise RuntimeError(f"The Triton server ended while starting; {self.log} says:\n{self.last_log_lines()}")
            if time.monotonic() > deadline:
                raise RuntimeError(
                    f"The Triton server (process {state.pid}) did not answer at {state.http_url} within "
                    f"{timeout:.0f} s; {self.log} says:\n{self.last_log_lines()}"
                )
            time.sleep(0.05)

    def _check_ports(self, state: ServerState) -> None:
        running = (state.http_port, state.grpc_port, state.metrics_port)
        if any(asked not in (None, port) for asked, port in zip(self._ports, running, strict=True)):
            raise ValueError(
                f"The Triton server of {self.folder} runs at the ports (http, grpc, metrics) {running}, but "
                f"{self._ports} are configured; stop it first (`recsys stop`)."
            )


def _free_ports(asked: Ports) -> tuple[int, int, int]:
    """Ports for http, grpc and metrics: those asked for, else free ones."""
    with contextlib.ExitStack() as stack:
        ports = []
        for port in asked:
            if port is None:
                probe = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
                probe.bind((LOOPBACK, 0))  # held until all three are known, so that they differ
                port = int(probe.getsockname()[1])
            ports.append(port)
    return ports[0], ports[1], ports[2]
