from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.quality import WORLDS, named, prepare
from recsys_assets.lookup.find import find_recommender
from resources.home import Home


@pytest.mark.parametrize("world", list(WORLDS))
def test_the_copies_are_found_beside_what_they_are_copies_of(
    world: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = Home(tmp_path / "home")
    home.data("demo").mkdir(parents=True)  # of the demo no log is made here
    monkeypatch.setenv("RECSYS_HOME", str(home.root))
    monkeypatch.setenv("RECSYS_RECOMMENDERS", str(prepare(world, 3, tmp_path)))
    settings = find_recommender(named(world), home).settings
    assert [model.seed for model in settings.retrieval] == [3]
    assert settings.ranking.seed == 3
