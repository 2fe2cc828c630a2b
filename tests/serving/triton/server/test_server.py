from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from serving.triton.control.http_control import SOCKET
from serving.triton.control.process import ProcessIdentity, _program, processes_of
from serving.triton.server.backends import KEEPER, PROGRAMS, SERVER
from serving.triton.server.server import TritonServer, _free_ports
from serving.triton.server.server_process import ServerProcess


def test_a_recycled_pid_is_not_taken_for_the_server(tmp_path: Path) -> None:
    server = TritonServer(tmp_path)
    me = ProcessIdentity.of(os.getpid())
    assert me is not None and me.alive() and not replace(me, started="another time").alive()
    state = {"pid": me.pid, "grpc_port": 2, "metrics_port": 3, "repository": "", "closed": True}
    (tmp_path / "server.json").write_text(json.dumps({**state, "started": "another time"}))
    assert server.status() is None
    (tmp_path / "server.json").write_text(json.dumps({**state, "started": me.started}))
    assert server.status() is None, "it is being started, and answers nothing yet"
    (tmp_path / SOCKET).touch()
    assert server.status() is not None


@pytest.mark.triton
def test_a_server_of_an_earlier_version_is_replaced_at_its_port(tmp_path: Path) -> None:
    """Others could load models into it; its keeper must not bring it back either."""
    server = TritonServer(tmp_path)
    state = server.start()
    try:
        earlier = {name: value for name, value in asdict(state).items() if name != "closed"}
        earlier |= {"http_port": 1, "key": "secret"}
        (tmp_path / "server.json").write_text(json.dumps(earlier))
        assert server.status() is None
        again = server.start()
        assert again.pid != state.pid and again.grpc_port == state.grpc_port and not state.alive()
        assert len(processes_of(tmp_path, (KEEPER,))) == len(processes_of(tmp_path, (SERVER,))) == 1
    finally:
        server.stop()


@pytest.mark.parametrize("text", ["", "{", '{"pid": 1}', "[]"])
def test_a_damaged_state_is_no_server(tmp_path: Path, text: str) -> None:
    (tmp_path / "server.json").write_text(text)
    assert TritonServer(tmp_path).status() is None


def test_stopping_what_never_ran_is_fine(tmp_path: Path) -> None:
    assert TritonServer(tmp_path / "nowhere").stop() is False
    assert not (tmp_path / "nowhere").exists()


def test_a_model_repository_outside_the_home_is_refused(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "triton").mkdir()
    (tmp_path / "triton" / "models").symlink_to(tmp_path / "outside")
    server = TritonServer(tmp_path / "triton")
    with pytest.raises(ValueError, match=r"models is a link to .*outside, outside its home; remove the link"):
        server.start()
    assert server.status() is None and not processes_of(tmp_path, PROGRAMS)


def test_a_program_is_known_by_its_file_or_its_module() -> None:
    assert _program(["/somewhere/tritonserver", "--x=/home/"]) == "tritonserver"
    assert _program(["python", "-P", "-m", KEEPER, "/home/"]) == KEEPER
    assert _program(["grep", KEEPER, "/home/"]) == "grep" and _program(["python", "-m"]) == "python"


@pytest.mark.triton
def test_two_homes_run_side_by_side_on_loopback(tmp_path: Path) -> None:
    one, two = TritonServer(tmp_path / "a"), TritonServer(tmp_path / "b")
    try:
        first, second = one.start(), two.start()
        assert one.start() == first, "it runs once a home"
        assert len({first.grpc_port, first.metrics_port, second.grpc_port, second.metrics_port}) == 4
        assert first.pid != second.pid and os.getpgid(first.pid) == first.pid
        with urllib.request.urlopen(f"http://127.0.0.1:{second.metrics_port}/metrics") as response:
            assert b"nv_" in response.read()
        assert one.stop() is True and one.status() is None
        assert two.status() == second and second.alive()
        with socket.create_connection(("127.0.0.1", second.grpc_port)):
            pass
        with pytest.raises(ValueError, match="stop it first"):
            TritonServer(tmp_path / "b", grpc_port=first.grpc_port).start()
    finally:
        one.stop()
        two.stop()
    assert not processes_of(tmp_path, PROGRAMS)
    assert not list(Path("/dev/shm").glob(f"*{two.identifier}*"))


@pytest.mark.triton
def test_the_daemon_outlives_who_started_it_and_comes_back_after_a_kill(tmp_path: Path) -> None:
    code = "import sys; from pathlib import Path; from serving.triton.server.server import TritonServer; "
    code += "TritonServer(Path(sys.argv[1])).start()"
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True, timeout=60)
    server = TritonServer(tmp_path)
    state = server.status()
    try:
        assert state is not None and state.alive()
        (tmp_path / "tmp" / "left").touch()
        os.kill(state.pid, signal.SIGKILL)
        for _ in range(100):
            if server.status() is None:
                break
            time.sleep(0.05)
        again = server.start()
        assert again.pid != state.pid and again.alive()
        assert (tmp_path / "server.log.1").exists()
        assert list((tmp_path / "tmp").iterdir()) == []
    finally:
        server.stop()
    assert not (tmp_path / "tmp").exists()
    assert not processes_of(tmp_path, PROGRAMS)


def test_a_server_that_cannot_start_shows_its_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ServerProcess, "_command", lambda *_: ["/bin/sh", "-c", "echo it is broken"])
    server = TritonServer(tmp_path)
    with pytest.raises(RuntimeError, match=r"server\.log says:\nit is broken"):
        server.start(timeout=10)
    assert server.status() is None and not processes_of(tmp_path, PROGRAMS)


@pytest.fixture
def taken() -> Iterator[int]:
    """A port of loopback at which somebody listens."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield int(listening.getsockname()[1])


@pytest.mark.parametrize("kind", ["grpc_port", "metrics_port"])
def test_a_configured_port_that_is_taken_is_named_in_one_sentence(tmp_path: Path, taken: int, kind: str) -> None:
    server = TritonServer(tmp_path, **{kind: taken})  # type: ignore[arg-type]
    with pytest.raises(RuntimeError) as refused:
        server.start(timeout=10)
    assert str(refused.value) == f"Port {taken} ({kind}) is in use; free it, or configure another."
    assert not server.log.exists(), "nothing was started"


def test_ports_of_before_are_taken_again_where_they_are_free(taken: int) -> None:
    ports = _free_ports((None, None))
    assert _free_ports((None, None), ports) == ports
    grpc, metrics = _free_ports((ports[0], None), (None, taken))
    assert grpc == ports[0] and len({grpc, metrics, taken}) == 3
    assert _free_ports((None, None), (99_999, None))[0] < 65_536, "an older version took any number"
