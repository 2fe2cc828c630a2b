"""A real `dagster dev`, with its daemon, started for a test and ended to the last process."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import psutil
import pytest

from resources.dagster_home import dagster_environment
from tests.tiny import Tiny

ROOT = Path(__file__).parents[1]


@contextlib.contextmanager
def dagster_dev(tiny: Tiny) -> Iterator[Path]:
    """Runs webserver, daemon and code location over a recommender's home; gives the path of their output.

    Everything that was started is ended afterwards, and that nothing is left is checked: a daemon that stays
    behind would go on launching runs.
    """
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    command = [sys.executable, "-m", "dagster", "dev", "-w", str(ROOT / "workspace.yaml")]
    command += ["-h", "127.0.0.1", "-p", str(port)]
    environment = {**dagster_environment(tiny.home), **tiny.environment, "PYTHONPATH": str(ROOT)}
    environment |= {"DAGSTER_HOME": str(tiny.home.dagster), "RECSYS_DAGSTER": str(tiny.home.dagster)}
    # Made before anybody else opens them: two processes that make SQLite's tables at once spoil them.
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RECSYS_DAGSTER", str(tiny.home.dagster))
        dg.DagsterInstance.from_config(str(tiny.home.dagster)).dispose()
    output = tiny.folder.parent / "dagster_dev.log"
    with output.open("w") as stream:
        process = subprocess.Popen(
            command,
            env=environment,
            cwd=tiny.folder.parent,
            stdout=stream,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            yield output
        finally:
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Asks first, then insists, by process id."""
    family = _family(process)
    os.kill(process.pid, signal.SIGINT)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(timeout=30)
    family |= _family(process)
    left = [member for member in family if member.is_running()]
    for member in left:
        with contextlib.suppress(psutil.NoSuchProcess):
            member.kill()
    process.wait(timeout=30)
    gone, alive = psutil.wait_procs(family, timeout=30)
    assert not alive, f"still there after they were ended: {alive} (of {len(gone) + len(alive)})"


def _family(process: subprocess.Popen[bytes]) -> set[psutil.Process]:
    """The process and all below it, but not the Triton server, which is a daemon of its own."""
    with contextlib.suppress(psutil.NoSuchProcess):
        parent = psutil.Process(process.pid)
        below = parent.children(recursive=True)
        return {parent, *(child for child in below if "triton" not in " ".join(_command(child)))}
    return set()


def _command(process: psutil.Process) -> list[str]:
    with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
        return process.cmdline()
    return []


def wait_for(what: str, seconds: float, log: Path) -> Iterator[float]:
    """Yields the seconds left, every two seconds; fails with the end of a log when time is up."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        yield end - time.monotonic()
        time.sleep(2)
    tail = "\n".join(log.read_text(errors="replace").splitlines()[-40:])
    raise AssertionError(f"{what} did not happen within {seconds:.0f} s; the log ends with:\n{tail}")
