from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from recsys_assets.challenger.fitted.live_release import live_hash
from resources.home import Home
from serving.triton.repository.live_release import LiveRelease
from tests.serving.toys import toy_release


def test_a_damaged_release_does_not_stand_in_the_way_of_the_next(home: Home) -> None:
    release = toy_release(home.root)
    blueprint: Any = SimpleNamespace(name="toy", home=home)
    up: Any = SimpleNamespace(live=lambda name: LiveRelease("toy", release.hash))
    down: Any = SimpleNamespace(live=lambda name: None, silent=lambda name: None)
    mlflow: Any = SimpleNamespace(champion=lambda name: release.hash)
    assert live_hash(blueprint, up, mlflow) == live_hash(blueprint, down, mlflow) == release.hash
    file = release.path / "snapshot" / "total.npy"
    file.chmod(0o644)
    file.write_bytes(file.read_bytes()[:-1])
    assert live_hash(blueprint, up, mlflow) is None and live_hash(blueprint, down, mlflow) is None
    release.path.rename(home.root / "away")
    assert live_hash(blueprint, up, mlflow) is None


def test_what_is_to_answer_again_counts_where_no_server_runs_and_not_what_is_tried_or_was_noted(home: Home) -> None:
    live, tried, noted = (toy_release(home.root, seed=seed) for seed in range(3))
    blueprint: Any = SimpleNamespace(name="toy", home=home)
    pointed = LiveRelease("toy", live.hash, noted.hash, tried.hash, 0.5)
    up: Any = SimpleNamespace(live=lambda name: pointed)
    down: Any = SimpleNamespace(live=lambda name: None, silent=lambda name: pointed)
    mlflow: Any = SimpleNamespace(champion=lambda name: noted.hash)  # which was not told of a rollback
    assert live_hash(blueprint, up, mlflow) == live_hash(blueprint, down, mlflow) == live.hash
