"""What another user of the machine can do to a running server: ask it, and nothing else."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import grpc  # type: ignore[import-untyped]
import pytest
from tritonclient.grpc import service_pb2, service_pb2_grpc

from serving.client.client import RecommenderClient
from serving.triton.control.http_control import SOCKET, HttpControl
from serving.triton.control.process import processes_of
from serving.triton.control.server_state import ServerState
from serving.triton.deployment.deployment import deploy
from serving.triton.deployment.target import TritonTarget
from serving.triton.server.backends import KEEPER, SERVER, STUB
from serving.triton.server.closed_server import CLOSED
from serving.triton.server.server import TritonServer
from tests.serving.toys import toy_release
from tests.serving.triton.conftest import know_toys

pytestmark = pytest.mark.triton
NOBODY = 65534
Running = tuple[TritonServer, ServerState]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server of its own that answers, started under a umask that hides nothing."""
    place = tmp_path_factory.mktemp("owner")
    for folder in (place, *place.parents):
        if str(folder).startswith("/tmp/"):
            folder.chmod(0o755)  # what is tested is what the home itself keeps out
    home = place / "home"
    before = os.umask(0o022)
    server = TritonServer(home / "triton")
    try:
        with pytest.MonkeyPatch.context() as patched:
            know_toys(patched)
            deploy(toy_release(home, "toy"), TritonTarget.embedded(server), [100])
        yield server, server.start()
    finally:
        os.umask(before)
        server.stop()


def test_over_grpc_nobody_controls_the_server(running: Running) -> None:
    """Not even its owner, and whatever key they send: there are no such methods."""
    _, state = running
    with grpc.insecure_channel(state.grpc_url) as channel:
        stub = service_pb2_grpc.GRPCInferenceServiceStub(channel)
        for method in CLOSED:
            request = getattr(service_pb2, f"{method}Request")()
            with pytest.raises(grpc.RpcError) as refused:
                getattr(stub, method)(request, timeout=10)
            assert refused.value.code() == grpc.StatusCode.UNIMPLEMENTED, method
        assert stub.ModelConfig(service_pb2.ModelConfigRequest(name="toy")).config.name == "toy"


def test_what_listens_at_ports_is_inference_and_metrics(running: Running) -> None:
    server, state = running
    (process,) = processes_of(server.folder, (SERVER,))
    listening = {c.laddr.port for c in process.net_connections("tcp") if c.status == "LISTEN"}
    assert listening == {state.grpc_port, state.metrics_port}


def test_no_program_of_the_home_tells_a_secret_on_its_command_line(running: Running) -> None:
    server, _ = running
    found = processes_of(server.folder, (SERVER, STUB, KEEPER))
    assert {p.name() for p in found} >= {SERVER}
    assert not [word for p in found for word in p.cmdline() if "key" in word.lower() or "restricted" in word]


def test_what_the_server_writes_is_its_owners_alone(running: Running) -> None:
    server, _ = running
    made = [server.folder / name for name in (SOCKET, "server.log", "keeper.log", "tmp", f"backends/{SERVER}")]
    assert not [path for path in (server.folder, *made) if path.stat().st_mode & 0o077]
    assert stat.S_ISSOCK((server.folder / SOCKET).stat().st_mode)
    shared = list(Path("/dev/shm").glob(f"*{server.identifier}_*"))
    assert shared and not [path for path in shared if path.stat().st_mode & 0o077]


ATTACK = f"""
import json, os, socket, sys
folder, url, shared = json.loads(sys.argv[1])
os.setgroups([]); os.setgid({NOBODY}); os.setuid({NOBODY})
done = []
def tried(name, act):
    try:
        act()
        done.append(name)
    except OSError:
        pass
def connect():
    os.chdir(folder)
    socket.socket(socket.AF_UNIX).connect("http.sock")
tried("enter", lambda: os.listdir(folder))
tried("state", lambda: open(folder + "/server.json").read())
tried("program", lambda: open(folder + "/backends/tritonserver", "rb").read(1))
tried("model", lambda: open(folder + "/models/toy/config.pbtxt").read())
tried("enter", lambda: os.chdir(folder))
tried("write", lambda: open(folder + "/models/evil", "w"))
tried("order", connect)
for place in shared:
    tried("memory", lambda: open(place, "rb").read(1))
for pid in os.listdir("/proc"):
    if pid.isdigit():
        tried("environment", lambda: open("/proc/" + pid + "/environ", "rb").read())
print(json.dumps(done))
"""


@pytest.mark.skipif(
    os.getuid() != 0,
    reason="only root can become another user (setuid); run as root, it shows what the modes held above keep out",
)
def test_another_user_gets_nothing_but_answers(running: Running) -> None:
    server, state = running
    shared = [str(path) for path in Path("/dev/shm").glob(f"*{server.identifier}_*")]
    assert shared
    arguments = json.dumps([str(server.folder), state.grpc_url, shared])
    done = subprocess.run(
        ["/usr/bin/env", "-i", "PATH=/usr/bin:/bin", sys.executable, "-I", "-S", "-c", ATTACK, arguments],
        capture_output=True,
        text=True,
        timeout=60,
        cwd="/",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == []
    with RecommenderClient(state.grpc_url, "toy") as client:
        assert client.recommend(100)[0].items


def test_the_owner_controls_it_however_long_the_path(tmp_path: Path) -> None:
    """An address of a socket has 107 bytes."""
    folder = tmp_path / ("long" * 40) / "triton"
    server = TritonServer(folder)
    try:
        server.start()
        assert HttpControl(folder).models() == [] and len(str(folder / SOCKET)) > 150
    finally:
        server.stop()
