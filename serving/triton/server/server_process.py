"""The `tritonserver` process of one home: how it is started, asked and ended."""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

from filelock import FileLock

from serving.triton.control.http_control import SOCKET, HttpControl
from serving.triton.control.process import ProcessIdentity, end_processes, open_log, processes_of, wait_until_gone
from serving.triton.control.server_state import LOOPBACK, STATE, ServerState
from serving.triton.server.backends import PROGRAMS, SERVER, STUB, assemble_backends
from serving.triton.server.relocation import follow_home

BACKENDS = "backends"
PRIVATE = 0o077
"""What servers and keepers take away from the rights of others on all that they write."""
SHARED = 8 << 20
"""Bytes of memory that each backend process shares with the server from the beginning: twice the largest input, for the
backend reads as much as a request's shape says before anything of ours can compare it with what came."""


class ServerProcess:
    """Starts and ends the server of one home; the caller holds `locked`.

    Args:
        folder: `<home>/triton`, absolute.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.repository = folder / "models"
        self.log = folder / "server.log"
        self.state_file = folder / STATE
        self._temporary = folder / "tmp"

    @property
    def identifier(self) -> str:
        """Name of the home's server; its shared memory carries it too, so that leftovers can be found."""
        return _identifier(self.folder)

    @property
    def is_open(self) -> bool:
        """Whether the server has opened the socket at which it is asked."""
        return (self.folder / SOCKET).exists()

    def running(self) -> ServerState | None:
        """State of the server of this home that runs, also where the home was moved since it was started.

        Where the folder is a copy, the server that its state names is that of the home it was copied from.
        """
        state = ServerState.load(self.state_file)
        return None if state is None or self._copied(state) else state

    def is_here(self, state: ServerState) -> bool:
        """Whether a server of this home was started by this version, and where the home is now.

        Else it still looks at the old place, or can be controlled by others.
        """
        return state.closed and state.repository == str(self.repository)

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """One starter or stopper at a time, over all processes."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.folder.chmod(0o700)  # whoever enters it controls the server
        with FileLock(self.folder / "server.lock"):
            yield

    def launch(self, ports: tuple[int, int], environment: Mapping[str, str]) -> ServerState:
        """Starts the server at these ports (grpc, metrics) and notes that it did; it does not answer yet.

        It works in the folder and is told paths that start there: they hold no blank and no letter that Triton's Python
        backend cannot pass on, and are as short as a socket's address must be. What it writes is its owner's alone.

        Raises:
            ValueError: when the model repository does not lie in the home.
        """
        if self.repository.resolve() != self.repository:
            raise ValueError(
                f"The model repository {self.repository} is a link to {self.repository.resolve()}, outside its home; "
                f"remove the link: a server loads models of its own home only."
            )
        assemble_backends(self.folder / BACKENDS)
        self.repository.mkdir(parents=True, exist_ok=True)
        follow_home(self.repository)
        if self.log.exists():
            self.log.replace(self.log.with_suffix(".log.1"))
        self._remove_temporary()
        self._temporary.mkdir(mode=0o700, exist_ok=True)
        (self.folder / SOCKET).unlink(missing_ok=True)
        with open_log(self.log) as log:
            process = subprocess.Popen(
                self._command(ports),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                env={**environment, "TMPDIR": str(self._temporary)},
                start_new_session=True,  # a group of its own: it survives us, and can be ended as a whole
                close_fds=True,
                umask=PRIVATE,
            )
        identity = ProcessIdentity.of(process.pid)
        started = identity.started if identity else ""
        state = ServerState(process.pid, started, *ports, str(self.repository), closed=True)
        state.save(self.state_file)
        return state

    def answers(self) -> bool:
        """Whether our server answers, and not another one."""
        return HttpControl(self.folder).server_name() == self.identifier

    def end(self, timeout: float, programs: tuple[str, ...] = (SERVER, STUB)) -> bool:
        """Ends the server with all its backend processes, and makes sure that none is left.

        Args:
            timeout: seconds for an orderly end before it is killed; 0 where nothing is left to be put in order.
            programs: further ones are ended first, such as what would start it again.

        Returns:
            Whether anything had been running.

        Raises:
            RuntimeError: when a process could not be ended.
        """
        state = self.running()
        session = state.pid if state is not None else None
        processes = processes_of(self.folder, programs, session)
        named = {program: [p for p in processes if p.name() == program] for program in (SERVER, STUB)}
        others = [p for p in processes if p.name() not in named]
        # The server before its stubs: it ends them in order. Stubs that were still loading outlive it.
        for group in (others, named[SERVER]):
            end_processes(group, timeout)
        left = end_processes(processes_of(self.folder, programs, session), min(2.0, timeout))
        if left or not wait_until_gone(self.folder, programs, 10.0, session):
            pids = [process.pid for process in processes_of(self.folder, programs, session)]
            raise RuntimeError(f"Processes {pids} of the Triton server in {self.folder} could not be ended.")
        for identifier in {self.identifier, _started_as(state) or self.identifier}:
            _remove_shared_memory(identifier)
        self._remove_temporary()
        return bool(processes)

    def end_all(self, timeout: float) -> bool:
        """As `end`, with the keeper."""
        return self.end(timeout, PROGRAMS)

    def last_log_lines(self, count: int = 15) -> str:
        """The end of the server's log."""
        if not self.log.exists():
            return "(no log)"
        with self.log.open("rb") as file:
            file.seek(max(0, self.log.stat().st_size - 65536))
            return "\n".join(file.read().decode("utf-8", "replace").splitlines()[-count:])

    def _command(self, ports: tuple[int, int]) -> list[str]:
        grpc, metrics = ports
        return [
            f"{BACKENDS}/{SERVER}",
            f"--model-repository={self.repository.name}",
            f"--backend-directory={BACKENDS}",
            f"--backend-config=python,shm-region-prefix-name={self.identifier}_",
            f"--backend-config=python,shm-default-byte-size={SHARED}",
            f"--id={self.identifier}",
            "--model-control-mode=explicit",
            "--exit-on-error=false",
            "--strict-readiness=false",  # one failed load must not make the server look dead
            "--exit-timeout-secs=10",
            "--allow-gpu-metrics=false",
            "--log-format=ISO8601",
            # Who may load a model may run code: over HTTP it is the owner alone, over gRPC nobody (`closed_server`).
            f"--http-address=unix:{SOCKET}",
            f"--grpc-address={LOOPBACK}",
            f"--grpc-port={grpc}",
            f"--metrics-address={LOOPBACK}",
            f"--metrics-port={metrics}",
            # None is kept for the next request: each would keep the memory of the largest message that it ever held.
            "--grpc-infer-allocation-pool-size=0",
        ]

    def _remove_temporary(self) -> None:
        """What libraries leave behind whose process was ended in the middle of its work."""
        shutil.rmtree(self._temporary, ignore_errors=True)

    def _copied(self, state: ServerState) -> bool:
        """Whether the folder in which a server was started is another one, and still says that it runs."""
        origin = Path(state.repository).parent
        there = ServerState.last(origin / self.state_file.name)
        same = there is not None and (there.pid, there.started) == (state.pid, state.started)
        return same and origin.resolve() != self.folder


def _identifier(folder: Path) -> str:
    return f"recsys_{hashlib.sha256(str(folder).encode()).hexdigest()[:12]}"


def _started_as(state: ServerState | None) -> str | None:
    """What a server was called when it was started, perhaps where its home is no longer."""
    return None if state is None else _identifier(Path(state.repository).parent)


def _remove_shared_memory(identifier: str) -> None:
    for file in Path("/dev/shm").glob(f"*{identifier}_*"):
        with contextlib.suppress(OSError):
            shutil.rmtree(file) if file.is_dir() else file.unlink()
