"""A home that was written before the house had wings, and models a contract, goes on.

`old_home.tar.xz` holds it: a recommender with two releases, of which the newer one is live, the models that a server
had loaded, its feature store, tables, logs and YAML, and what MLflow knows of it; without what Dagster does.
"""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from recsys_assets.explore.explorer import Explorer
from resources.home import Home
from resources.triton import TritonResource
from tests.tiny import Tiny

ARCHIVE = Path(__file__).with_name("old_home.tar.xz")
NAME = "old"
NEWER, OLDER = "2d36886c43a8", "d391aef58a03"
pytestmark = pytest.mark.triton


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tiny]:
    place = tmp_path_factory.mktemp("moved")
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(place, filter="data")
    made = Tiny(Home.at(place / "home"), place / NAME)
    yield made
    made.recsys("stop")


def test_it_answers_with_what_was_live(old: Tiny) -> None:
    answer = old.json("recommend", NAME, "--user", "3", "-k", "5")
    assert answer["release"].startswith(NEWER) and len(answer["items"]) == 5
    assert {source for item in answer["items"] for source in item["sources"]} <= {
        *("two_tower", "popular", "co_occurrence", "history")
    }
    assert str(old.json("status")["releases"][NAME]["live"]).startswith(NEWER)


def test_a_list_is_shown_stage_by_stage(old: Tiny, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in old.environment.items():
        monkeypatch.setenv(name, value)
    explorer = Explorer(old.home, NAME, TritonResource())
    found = explorer.explore(explorer.person("3"), 5)
    assert len(found.stages.ordered) == 5
    assert {name for row in found.stages.retrieved for name, _ in row.sources} >= {"two_tower", "popular"}


@pytest.mark.long
def test_the_release_before_answers_again(old: Tiny) -> None:
    done = old.recsys("rollback", NAME)
    assert done.returncode == 0, done.stdout + done.stderr
    assert old.json("recommend", NAME, "--user", "3", "-k", "5")["release"].startswith(OLDER)
    assert old.recsys("deploy", NAME, "--release", NEWER).returncode == 0
    assert old.json("recommend", NAME, "--user", "3", "-k", "5")["release"].startswith(NEWER)


@pytest.mark.long
def test_what_it_knows_is_built_upon(old: Tiny) -> None:
    """A new release of new models stands beside those of before, is compared with the live one, and goes live."""
    text = (old.folder / "defs.yaml").read_text()
    (old.folder / "defs.yaml").write_text(text.replace("retrieval: {dim", "retrieval: {model: two_tower, dim"))
    done = old.recsys("materialize", NAME)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    answer = old.json("recommend", NAME, "--user", "3", "-k", "5")
    assert not answer["release"].startswith((NEWER, OLDER)) and len(answer["items"]) == 5
    assert (old.home.retrieval_model(NAME) / "model" / "two_tower").is_dir()
    assert old.recsys("rollback", NAME).returncode == 0
    assert old.json("recommend", NAME, "--user", "3", "-k", "5")["release"].startswith(NEWER)
