from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from ops_gpu.schema.column import ColumnSchema
from ops_gpu.schema.schema import Schema
from recsys_assets.explore.explorer import Explorer
from recsys_assets.explore.page import Page
from resources.home import Home
from serving.release.release import Release
from serving.triton.deployment.deployment import LiveRelease
from serving.triton.deployment.smoke_test import SEED, request_for
from tests.recsys_assets.explore.conftest import NAME
from tests.recsys_assets.explore.test_page import Asking
from tests.serving import canned_server
from tests.serving.canned_server import CannedServer


class Elsewhere:
    """A server of one's own at this address, on which this release is live."""

    def __init__(self, address: str, live: str) -> None:
        self.address, self._live = address, live

    def live(self, name: str) -> LiveRelease:
        return LiveRelease(name, self._live, None)

    def status(self) -> None:
        return None


def explorer_of(home: Home, address: str, release: Release) -> Explorer:
    triton: Any = Elsewhere(address, release.hash)
    return Explorer(home, NAME, triton)


def test_a_server_that_answers_otherwise_is_shown_to(
    home: Home, release: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    with CannedServer() as server:
        explorer = explorer_of(home, server.url, release)
        served = explorer.explore(explorer.person("100"), 3).served
        assert served is not None and served.difference is not None
        assert f"release {canned_server.RELEASE[:12]} has gone live meanwhile" in served.difference
        assert served.milliseconds > 0 and served.stage_ms["ordering"] == 4.0
        monkeypatch.setattr(canned_server, "RELEASE", release.hash)
        html = Asking(Page(explorer).app()).get("/?user=100&k=3").text
    assert "The live server answers otherwise:</b> scores [1.0, 0.875, 0.75] instead of [" in html


def test_a_server_that_does_not_answer_is_named(home: Home, release: Release) -> None:
    with CannedServer() as server:
        url = server.url
    found = explorer_of(home, url, release)
    explored = found.explore(found.person("100"), 3)
    assert explored.served is None and len(explored.stages.ordered) == 3
    assert f"gave no answer to compare with. No Triton server answers at {url}" in explored.problems[0]


def test_lists_that_are_drawn_are_drawn_alike() -> None:
    inputs = [ColumnSchema("user_id", "int64"), ColumnSchema("k", "int32")]
    drawn: Any = SimpleNamespace(inputs=Schema([*inputs, ColumnSchema("seed", "int64")]))
    assert request_for(drawn, [7], 3)["seed"] == np.array([SEED])
    exact: Any = SimpleNamespace(inputs=Schema(inputs))
    assert set(request_for(exact, [7], 3)) == {"user_id", "k"}
