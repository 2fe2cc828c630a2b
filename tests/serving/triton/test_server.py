from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from dataclasses import replace
from pathlib import Path

import pytest

from serving.triton.backends import PROGRAMS
from serving.triton.process import ProcessIdentity, processes_of
from serving.triton.server import TritonServer


def test_a_recycled_pid_is_not_taken_for_the_server(tmp_path: Path) -> None:
    server = TritonServer(tmp_path)
    me = ProcessIdentity.of(os.getpid())
    assert me is not None and me.alive() and not replace(me, started="another time").alive()
    state = {"pid": me.pid, "http_port": 1, "grpc_port": 2, "metrics_port": 3, "repository": ""}
    (tmp_path / "server.json").write_text(json.dumps({**state, "started": "another time"}))
    assert server.status() is None
    (tmp_path / "server.json").write_text(json.dumps({**state, "started": me.started}))
    assert server.status() is not None


@pytest.mark.parametrize("text", ["", "{", '{"pid": 1}', "[]"])
def test_a_damaged_state_is_no_server(tmp_path: Path, text: str) -> None:
    (tmp_path / "server.json").write_text(text)
    assert TritonServer(tmp_path).status() is None


def test_stopping_what_never_ran_is_fine(tmp_path: Path) -> None:
    assert TritonServer(tmp_path / "nowhere").stop() is False
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.triton
def test_two_homes_run_side_by_side_on_loopback(tmp_path: Path) -> None:
    one, two = TritonServer(tmp_path / "a"), TritonServer(tmp_path / "b")
    try:
        first, second = one.start(), two.start()
        assert one.start() == first, "it runs once a home"
        assert len({first.http_port, first.grpc_port, first.metrics_port, second.http_port, second.grpc_port}) == 5
        assert first.pid != second.pid and os.getpgid(first.pid) == first.pid
        with urllib.request.urlopen(second.metrics_url) as response:
            assert b"nv_" in response.read()
        assert one.stop() is True and one.status() is None
        assert two.status() == second and second.alive()
        with socket.create_connection(("127.0.0.1", second.http_port)):
            pass
        with pytest.raises(ValueError, match="stop it first"):
            TritonServer(tmp_path / "b", http_port=first.http_port).start()
    finally:
        one.stop()
        two.stop()
    assert not processes_of(tmp_path, PROGRAMS)
    assert not list(Path("/dev/shm").glob(f"*{two.identifier}*"))


@pytest.mark.triton
def test_the_daemon_outlives_who_started_it_and_comes_back_after_a_kill(tmp_path: Path) -> None:
    code = "import sys; from pathlib import Path; from serving.triton.server import TritonServer; "
    code += "TritonServer(Path(sys.argv[1])).start()"
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True, timeout=60)
    server = TritonServer(tmp_path)
    state = server.status()
    try:
        assert state is not None and state.alive()
        os.kill(state.pid, signal.SIGKILL)
        for _ in range(100):
            if server.status() is None:
                break
            time.sleep(0.05)
        again = server.start()
        assert again.pid != state.pid and again.alive()
        assert (tmp_path / "server.log.1").exists()
    finally:
        server.stop()
    assert not processes_of(tmp_path, PROGRAMS)


@pytest.mark.triton
def test_a_server_that_cannot_start_shows_its_log(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        server = TritonServer(tmp_path, http_port=port)
        with pytest.raises(RuntimeError, match=r"(?s)server\.log says:\n.*"):
            server.start(timeout=10)
    assert server.status() is None and not processes_of(tmp_path, PROGRAMS)
