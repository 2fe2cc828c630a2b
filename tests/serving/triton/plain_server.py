"""A `tritonserver` as anybody would start it over an exported model repository: no control of models, no deployment."""

from __future__ import annotations

import contextlib
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from serving.triton.control.control import TritonControl, TritonError
from serving.triton.control.process import end_processes, processes_of
from serving.triton.control.server_state import LOOPBACK
from serving.triton.server.backends import PROGRAMS, SERVER, assemble_backends, server_environment, wheel_folder
from serving.triton.server.server import ENVIRONMENT, _free_ports
from serving.triton.server.server_process import SHARED


@contextlib.contextmanager
def plain_server(folder: Path, name: str) -> Iterator[str]:
    """Serves `folder/models` until the block ends; gives the gRPC address once the model of this name is ready."""
    grpc, metrics = _free_ports((None, None))
    http, _ = _free_ports((None, None))
    command = [
        str(wheel_folder() / "bin" / SERVER),
        f"--model-repository={folder / 'models'}",
        f"--backend-directory={assemble_backends(folder / 'backends')}",
        f"--backend-config=python,shm-default-byte-size={SHARED}",
        *(f"--{kind}-address={LOOPBACK}" for kind in ("http", "grpc", "metrics")),
        f"--http-port={http}",
        f"--grpc-port={grpc}",
        f"--metrics-port={metrics}",
    ]
    with (folder / "server.log").open("w") as log:
        environment = server_environment(ENVIRONMENT)
        process = subprocess.Popen(command, stdout=log, stderr=log, env=environment, start_new_session=True)
        try:
            _wait(process, f"{LOOPBACK}:{grpc}", name, folder / "server.log")
            yield f"{LOOPBACK}:{grpc}"
        finally:
            end_processes(processes_of(folder, [SERVER]), 20.0)
            end_processes(processes_of(folder, PROGRAMS), 5.0)
            process.wait(10.0)


def _wait(process: subprocess.Popen[bytes], url: str, name: str, log: Path) -> None:
    control, deadline = TritonControl(url), time.monotonic() + 120.0
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(TritonError):
            if any(model.name == name and model.ready for model in control.models()):
                control.close()
                return
        time.sleep(0.1)
    raise AssertionError(f"the server did not get ready: {log.read_text()[-2000:]}")
