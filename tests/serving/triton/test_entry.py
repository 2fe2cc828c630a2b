"""What deployed model directories name goes on being there, whatever moves behind it."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path

import pytest

from serving.client.client import RecommenderClient
from serving.client.recommender_error import RecommenderError
from serving.request.recommendation import RecommendationList
from serving.triton.deployment.deployment import deploy
from serving.triton.deployment.target import TritonTarget
from serving.triton.entry import MODELS, model_class
from serving.triton.repository.layout_settings import LayoutSettings
from serving.triton.repository.model_settings import ModelSettings
from serving.triton.server.server import TritonServer
from tests.serving.toys import toy_release
from tests.serving.triton.conftest import know_toys
from tests.serving.triton.patience import soon

BEFORE = "from serving.triton.{module} import TritonPythonModel\n\n__all__ = ['TritonPythonModel']\n"
"""How a directory of a version before `entry` ended."""


def answer(url: str) -> RecommendationList | None:
    with RecommenderClient(url, "toy") as client, suppress(RecommenderError):
        return client.recommend(100)[0]
    return None


def test_a_kind_of_a_newer_version_is_told() -> None:
    with pytest.raises(ValueError, match="the model is a 'hologram', expected one of release, router"):
        model_class("hologram")


@pytest.mark.triton
@pytest.mark.parametrize("form", ["fused", pytest.param("ensemble", marks=pytest.mark.long)])
def test_a_home_of_a_version_before_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str) -> None:
    know_toys(monkeypatch)
    server = TritonServer(tmp_path / "triton")
    target = TritonTarget.embedded(server, ModelSettings(form=LayoutSettings(form)))
    try:
        release = toy_release(tmp_path, "toy")
        deploy(release, target, [100])
        with RecommenderClient(target.grpc_url, "toy") as client:
            expected = client.recommend(100)[0]
        server.stop()
        kinds = set()
        for program in server.repository.glob("*/1/model.py"):
            text = program.read_text()
            (kind,) = re.findall(r"model_class\('(\w+)'\)", text)
            head = text[: text.index("from serving.triton.entry")]
            program.write_text(head + BEFORE.format(module=MODELS[kind]))
            kinds.add(kind)
        assert kinds == ({"release"} if form == "fused" else {"request", "step", "answer"})
        url = server.start().grpc_url
        found = soon(lambda: answer(url), 60)  # its keeper loads what was live
        assert (found.items, found.release) == (expected.items, release.hash)
    finally:
        server.stop()
