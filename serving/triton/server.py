"""An embedded Triton server: one daemon a home, on loopback, that outlives whoever started it."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path

from serving.triton.backends import PROGRAMS, SERVER, assemble_backends, server_environment, wheel_folder
from serving.triton.process import ProcessIdentity, end_processes, processes_of, wait_until_gone
from serving.triton.server_state import LOOPBACK, ServerState

STATE = "server.json"
ENVIRONMENT = {
    "TF_CPP_MIN_LOG_LEVEL": "2",
    # For one request at a time, handing work to other threads costs more than the work.
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
}
"""Variables of the server where none of these names are given."""


class TritonServer:
    """The daemon of one home: `start`, `status`, `stop`.

    The server runs in a session of its own and in explicit model control; it listens on loopback only.
    All its files lie below `folder`: `server.json`, `server.log`, `models/`, `backends/`.

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
        self.repository = self.folder / "models"
        self.log = self.folder / "server.log"
        self._ports = (http_port, grpc_port, metrics_port)
        self._environment = {**ENVIRONMENT, **(environment or {})}

    @property
    def identifier(self) -> str:
        """Name of the home's server; its shared memory carries it too, so that leftovers can be found."""
        return f"recsys_{hashlib.sha256(str(self.folder).encode()).hexdigest()[:12]}"

    def start(self, timeout: float = 60.0) -> ServerState:
        """Starts the daemon unless it runs already, and waits until it answers.

        Args:
            timeout: seconds to wait for the first answer.

        Raises:
            RuntimeError: when it ended or did not answer in time; the message ends with the log's last
                lines.
            ValueError: when it runs already at other ports than those asked for.
        """
        with self._locked():
            state = self.status()
            if state is not None:
                self._check_ports(state)
                self._wait(state, timeout)
                return state
            self._end_leftovers()
            attempts = 1 if all(self._ports) else 3
            for attempt in range(attempts):
                state = self._spawn()
                try:
                    self._wait(state, timeout)
                    return state
                except RuntimeError as error:
                    self._end_leftovers()
                    # Between asking for a free port and using it, somebody else may have taken it.
                    taken = "in use" in str(error) or "bind" in str(error)
                    if not taken or attempt + 1 == attempts:
                        raise
            raise AssertionError("unreachable")

    def status(self) -> ServerState | None:
        """State of the running daemon, None when there is none (the state of a dead one is ignored)."""
        return ServerState.load(self.folder / STATE)

    def stop(self, timeout: float = 15.0) -> bool:
        """Ends the daemon with all its backend processes and makes sure that none is left.

        Args:
            timeout: seconds for an orderly end before it is killed.

        Returns:
            Whether anything had been running.

        Raises:
            RuntimeError: when a process could not be ended.
        """
        if not self.folder.exists():
            return False
        with self._locked():
            running = self._end_leftovers(timeout)
            (self.folder / STATE).unlink(missing_ok=True)
            return running

    def last_log_lines(self, count: int = 15) -> str:
        """The end of the server's log."""
        if not self.log.exists():
            return "(no log)"
        with self.log.open("rb") as file:
            file.seek(max(0, self.log.stat().st_size - 65536))
            return "\n".join(file.read().decode("utf-8", "replace").splitlines()[-count:])

    # --- starting -------------------------------------------------------------------------------------
    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """One starter or stopper at a time, over all processes."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "server.lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _spawn(self) -> ServerState:
        backends = assemble_backends(self.folder / "backends")
        self.repository.mkdir(parents=True, exist_ok=True)
        if self.log.exists():
            self.log.replace(self.log.with_suffix(".log.1"))
        ports = _free_ports(self._ports)
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                self._command(backends, ports),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                env=server_environment(self._environment),
                start_new_session=True,  # a group of its own: it survives us, and can be ended as a whole
                close_fds=True,
            )
        identity = ProcessIdentity.of(process.pid)
        state = ServerState(process.pid, identity.started if identity else "", *ports, str(self.repository))
        state.save(self.folder / STATE)
        return state

    def _command(self, backends: Path, ports: tuple[int, int, int]) -> list[str]:
        http, grpc, metrics = ports
        return [
            str(wheel_folder() / "bin" / SERVER),
            f"--model-repository={self.repository}",
            f"--backend-directory={backends}",
            f"--backend-config=python,shm-region-prefix-name={self.identifier}_",
            f"--id={self.identifier}",
            "--model-control-mode=explicit",
            "--exit-on-error=false",
            "--strict-readiness=false",  # one failed load must not make the server look dead
            "--exit-timeout-secs=10",
            "--allow-gpu-metrics=false",
            "--log-format=ISO8601",
            f"--http-address={LOOPBACK}",
            f"--http-port={http}",
            f"--grpc-address={LOOPBACK}",
            f"--grpc-port={grpc}",
            f"--metrics-address={LOOPBACK}",
            f"--metrics-port={metrics}",
        ]

    def _wait(self, state: ServerState, timeout: float) -> None:
        deadline = time.monotonic() + timeout
        while not _answers(state, self.identifier):
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

    # --- ending ---------------------------------------------------------------------------------------
    def _end_leftovers(self, timeout: float = 15.0) -> bool:
        processes = processes_of(self.folder, PROGRAMS)
        servers = [process for process in processes if process.name() == SERVER]
        # The server first: it ends its stubs in order. Stubs that were still loading outlive it.
        left = end_processes(servers, timeout)
        left += end_processes(processes_of(self.folder, PROGRAMS), 2.0)
        if left or not wait_until_gone(self.folder, PROGRAMS, 10.0):
            pids = [process.pid for process in processes_of(self.folder, PROGRAMS)]
            raise RuntimeError(f"Processes {pids} of the Triton server in {self.folder} could not be ended.")
        self._remove_shared_memory()
        return bool(processes)

    def _remove_shared_memory(self) -> None:
        for file in Path("/dev/shm").glob(f"*{self.identifier}_*"):
            with contextlib.suppress(OSError):
                shutil.rmtree(file) if file.is_dir() else file.unlink()


def _free_ports(asked: tuple[int | None, int | None, int | None]) -> tuple[int, int, int]:
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


def _answers(state: ServerState, identifier: str) -> bool:
    """Whether our server answers, and not another one that has the port."""
    try:
        with urllib.request.urlopen(f"{state.http_url}/v2", timeout=2.0) as response:
            return bool(json.load(response)["name"] == identifier)
    except (urllib.error.URLError, OSError, ValueError, LookupError, TypeError):
        return False
