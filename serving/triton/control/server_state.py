"""What is remembered of a running server."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from ops_gpu.primitives.atomic_file import write_text
from serving.triton.control.process import ProcessIdentity

LOOPBACK = "127.0.0.1"
STATE = "server.json"
"""In the folder in which the server works."""


@dataclass(frozen=True)
class ServerState:
    """What `server.json` says of the daemon.

    Args:
        pid: process id, also the id of its process group.
        started: start of the process, so that a recycled pid is not mistaken for it.
        grpc_port: gRPC port on loopback.
        metrics_port: Prometheus port on loopback.
        repository: absolute path of the model repository.
        closed: whether nobody but its owner controls it; a server that an earlier version started listens for that at
            a port.
    """

    pid: int
    started: str
    grpc_port: int
    metrics_port: int
    repository: str
    closed: bool = False

    @property
    def grpc_url(self) -> str:
        """`127.0.0.1:PORT`, as gRPC clients want it."""
        return f"{LOOPBACK}:{self.grpc_port}"

    def alive(self) -> bool:
        """Whether the process that this state speaks of still runs."""
        return ProcessIdentity(self.pid, self.started).alive()

    def save(self, path: Path) -> None:
        """Writes the state as JSON: aside first, then renamed."""
        write_text(path, json.dumps(asdict(self), indent=2) + "\n")

    @classmethod
    def load(cls, path: Path) -> ServerState | None:
        """What `save` wrote; None where there is no file, a damaged one, or one of a server that has ended."""
        state = cls.last(path)
        return state if state is not None and state.alive() else None

    @classmethod
    def last(cls, path: Path) -> ServerState | None:
        """As `load`, whether the server still runs or not: it may have ended without being told to."""
        known = {field.name for field in fields(cls)}
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
            return cls(**{name: value for name, value in values.items() if name in known})  # earlier ones had more
        except (FileNotFoundError, NotADirectoryError, ValueError, TypeError, AttributeError):
            return None
