"""Fixtures of a recommender that is deployed, to a server that holds no models."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from recsys_assets.assets.release import deployment as asset
from resources.home import Home
from resources.mlflow import MlflowResource
from resources.triton import TritonResource
from tests.recsys_assets.deployed_shop import DeployedShop
from tests.serving.triton.fake_control import FakeControl, fake_server


@pytest.fixture
def deployed_shop(home: Home, shop: Path) -> Iterator[DeployedShop]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield DeployedShop(home, shop, instance)


@pytest.fixture
def promoted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Hashes that became champion, in order."""
    found: list[str] = []
    monkeypatch.setattr(MlflowResource, "promote", lambda _, name, release: found.append(release) or str(len(found)))
    return found


@pytest.fixture
def control(home: Home, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeControl]:
    """A server that holds no models, behind the resource."""
    with fake_server(home.triton) as (target, made):
        monkeypatch.setattr(TritonResource, "target", lambda _: target)
        monkeypatch.setattr(TritonResource, "_present", lambda _: target)
        monkeypatch.setattr(asset, "answers", lambda *_: "answers")
        yield made
