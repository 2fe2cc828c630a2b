"""MLflow's own pages over the tracking store of a home."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

from resources.environment import QUIET
from resources.home import Home
from resources.mlflow_places import follow_home

LOOPBACK = "127.0.0.1"
PATIENCE_S = 120.0
"""How long MLflow may take to begin; on a busy machine its imports alone take many seconds."""
TO_END_S = 10.0
STDERR = 2  # whatever MLflow says of itself is no answer of the command
SETTINGS = {**QUIET, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
"""Nothing is run for the pages but the pages themselves."""


@contextmanager
def mlflow_pages(home: Home, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """MLflow's server on loopback, which answers when this begins and is ended afterwards.

    Args:
        home: with a tracking store of its own.
        port: a free one.

    Raises:
        LookupError: when nothing was tracked yet.
        RuntimeError: when MLflow ends, or does not answer in two minutes.
    """
    if not home.mlflow_database.exists():
        raise LookupError(f"Nothing was tracked under {home.root} yet; materialize a recommender first.")
    follow_home(home)
    environment = {**SETTINGS, **os.environ}
    with subprocess.Popen(_command(home, port), env=environment, cwd=home.mlflow, stdout=STDERR) as process:
        try:
            _wait(process, f"http://{LOOPBACK}:{port}/health")
            yield process
        finally:
            process.terminate()
            try:
                process.wait(TO_END_S)
            except subprocess.TimeoutExpired:
                process.kill()


def _command(home: Home, port: int) -> list[str]:
    options = {
        "--backend-store-uri": home.mlflow_uri,
        "--registry-store-uri": home.mlflow_uri,
        "--artifacts-destination": str(home.mlflow_artifacts),
        "--host": LOOPBACK,
        "--port": str(port),
        "--workers": "1",
        "--uvicorn-opts": "--log-level warning",
    }
    return [sys.executable, "-m", "mlflow", "server", *(part for option in options.items() for part in option)]


def _wait(process: subprocess.Popen[bytes], address: str) -> None:
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError(f"MLflow ended with code {process.returncode}; what it said stands above.")
        try:
            with urllib.request.urlopen(address, timeout=5):  # noqa: S310  # our own, on loopback
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise RuntimeError(f"MLflow has not answered at {address} for {PATIENCE_S:.0f} s.")
