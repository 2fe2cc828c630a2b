"""MLflow's pages over a home, by one command."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from typer.testing import CliRunner

from recsys_assets.cli import app
from recsys_assets.explore.server import LOOPBACK, listen
from resources import mlflow_pages
from resources.home import Home
from resources.mlflow import MlflowResource

runner = CliRunner()


@pytest.mark.long
def test_the_runs_of_the_home_are_shown_until_it_is_interrupted(home: Home, tmp_path: Path) -> None:
    MlflowResource().track("shop", "retrieval_model", {"epochs": 3}, {"loss": 0.5})
    command = [sys.executable, "-c", "from recsys_assets.cli import app; app()", "mlflow"]
    with subprocess.Popen(command, cwd=tmp_path, env=dict(os.environ), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            said = process.stdout.readline()
            address = re.search(rf"http://{LOOPBACK}:(\d+)", said)
            assert address is not None, said
            asked = urllib.request.Request(
                f"{address[0]}/api/2.0/mlflow/experiments/search",
                b'{"max_results": 9}',
                {"Content-Type": "application/json"},
            )
            with urllib.request.urlopen(asked, timeout=60) as answer:
                names = {one["name"] for one in json.load(answer)["experiments"]}
        finally:
            process.send_signal(signal.SIGINT)
            code = process.wait(60)
    assert "shop" in names and code == 0
    listen(int(address[1])).close()  # its server is gone, too
    assert not list(tmp_path.glob("ml*")), "nothing is written where it was called"


def test_before_anything_was_tracked(home: Home) -> None:
    result = runner.invoke(app, ["mlflow"])
    assert result.exit_code == 1
    assert f"Nothing was tracked under {home.root} yet" in result.stderr.replace("\n", "")


def test_a_tracking_server_of_ones_own_is_named(home: Home) -> None:
    home.root.mkdir()
    (home.root / "resources.yaml").write_text("mlflow: {tracking_uri: 'http://mlflow.internal:5000'}\n")
    result = runner.invoke(app, ["mlflow"])
    assert result.exit_code == 0
    assert "http://mlflow.internal:5000" in result.stdout


def test_a_port_that_is_taken_is_told(home: Home) -> None:
    with listen(None) as listening:
        result = runner.invoke(app, ["mlflow", "--port", str(listening.getsockname()[1])])
    assert result.exit_code == 1
    assert "cannot be used" in result.stderr


def test_an_mlflow_that_cannot_begin_is_told(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    home.mlflow.mkdir(parents=True)
    home.mlflow_database.touch()
    monkeypatch.setattr(mlflow_pages, "_command", lambda home, port: [sys.executable, "-c", "raise SystemExit(3)"])
    result = runner.invoke(app, ["mlflow"])
    assert result.exit_code == 1
    assert "MLflow ended with code 3" in result.stderr
