"""A real Triton server for the tests that need one, with the toy operators known to it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from serving.triton import repository
from serving.triton.backends import PROGRAMS
from serving.triton.process import processes_of
from serving.triton.server import TritonServer
from serving.triton.target import TritonTarget

TOYS = Path(__file__).parents[1] / "toys.py"
IMPORT_TOYS = f"""
import importlib.util, sys
spec = importlib.util.spec_from_file_location("tests.serving.toys", {str(TOYS)!r})
toys = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(toys)
"""


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TritonServer]:
    server = TritonServer(tmp_path_factory.mktemp("home") / "triton")
    server.start()
    yield server
    server.stop()
    assert not processes_of(server.folder, PROGRAMS), "a process of the test server is left"


def know_toys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets the models that are written from now on know the toy operators."""
    before, after = repository.MODEL_PY.split("from serving.triton")
    monkeypatch.setattr(
        repository,
        "MODEL_PY",
        before + IMPORT_TOYS.replace("{", "{{").replace("}", "}}") + "\nfrom serving.triton" + after,
    )


@pytest.fixture
def target(server: TritonServer, monkeypatch: pytest.MonkeyPatch) -> TritonTarget:
    know_toys(monkeypatch)
    return TritonTarget(server.start().grpc_url, server.repository)
