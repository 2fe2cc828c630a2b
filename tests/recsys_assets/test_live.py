from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from recsys_assets.live import live_hash
from resources.home import Home
from serving.triton.live_release import LiveRelease
from tests.serving.toys import toy_release


def test_a_damaged_release_does_not_stand_in_the_way_of_the_next(home: Home) -> None:
    release = toy_release(home.root)
    plan: Any = SimpleNamespace(name="toy", home=home)
    up: Any = SimpleNamespace(live=lambda name: LiveRelease("toy", release.hash))
    down: Any = SimpleNamespace(live=lambda name: None)
    mlflow: Any = SimpleNamespace(champion=lambda name: release.hash)
    assert live_hash(plan, up, mlflow) == live_hash(plan, down, mlflow) == release.hash
    file = release.path / "snapshot" / "total.npy"
    file.chmod(0o644)
    file.write_bytes(file.read_bytes()[:-1])
    assert live_hash(plan, up, mlflow) is None and live_hash(plan, down, mlflow) is None
    release.path.rename(home.root / "away")
    assert live_hash(plan, up, mlflow) is None
