"""A real Triton server for the tests that need one, with the toy operators known to it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from serving.triton.control.process import processes_of
from serving.triton.deployment.target import TritonTarget
from serving.triton.repository import model_directory as repository
from serving.triton.repository.export import export
from serving.triton.repository.layout_settings import LayoutSettings
from serving.triton.repository.model_settings import ModelSettings
from serving.triton.server.backends import PROGRAMS
from serving.triton.server.server import TritonServer
from tests.serving.edge_release import edge_release
from tests.serving.triton.plain_server import plain_server
from tests.serving.whole_release import Whole

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
    return TritonTarget.embedded(server)


@pytest.fixture(scope="session")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Whole:
    """A release with users and items that recommenders stumble over."""
    return edge_release(tmp_path_factory.mktemp("edge"))


@pytest.fixture(
    scope="session",
    params=[
        pytest.param(LayoutSettings(), id="fused"),
        pytest.param(LayoutSettings("ensemble", "stage"), id="ensemble-of-stages"),
        pytest.param(LayoutSettings("ensemble"), id="ensemble", marks=pytest.mark.long),
    ],
)
def served(edge: Whole, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a plain server of `edge`, in one form after the other."""
    home = tmp_path_factory.mktemp("forms")
    form: LayoutSettings = request.param
    export(edge.release, home / "models", form.form, ModelSettings(form=form))
    with plain_server(home, edge.release.name) as url:
        yield url
    assert not processes_of(home, PROGRAMS), "a process of the test server is left"
