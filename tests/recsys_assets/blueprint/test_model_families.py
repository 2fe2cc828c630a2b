"""What follows for the assets of a recommender from the models that it names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml

from recsys_assets.blueprint import code_version as module
from recsys_assets.component.locations import blueprints, load
from recsys_assets.component.shared_definitions import shared_definitions
from resources.home import Home
from tests.conftest import YAML

CACHES = (module._file, module._imports, module._text, module._meaning)
SPARSE = {"retrieval": {"model": "item_knn"}}


def graph_of(shop: Path) -> Any:
    return dg.Definitions.merge(load(shop), shared_definitions(Home.from_environment())).resolve_asset_graph()


def versions(shop: Path, **sections: Any) -> dict[str, str]:
    """Code version of every asset of the shop with these sections."""
    for cached in CACHES:
        cached.cache_clear()
    attributes = yaml.safe_load(YAML)["attributes"] | sections
    (shop / "defs.yaml").write_text(yaml.safe_dump({"type": "recsys_assets.Recommender", "attributes": attributes}))
    graph = graph_of(shop)
    return {key.path[-1]: str(graph.get(key).code_version) for key in graph.get_all_asset_keys()}


def changed(before: dict[str, str], after: dict[str, str]) -> set[str]:
    assert set(before) == set(after)
    return {name for name, version in before.items() if after[name] != version}


@pytest.fixture
def edited(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Gives modules other code, by the ends of their paths."""
    honest = module._text.__wrapped__

    def edit(*ends: str) -> None:
        text = lambda path: honest(path) + ("\nchanged = True\n" if str(path).endswith(ends) else "")  # noqa: E731
        text.cache_clear = lambda: None  # type: ignore[attr-defined]
        monkeypatch.setattr(module, "_text", text)

    yield edit
    for cached in CACHES:
        cached.cache_clear()


def test_a_family_changes_no_asset_that_does_not_use_it(shop: Path, home: Home, edited: Any) -> None:
    """A new file and a new line in the registry, as a new family is."""
    towers, knn = versions(shop), versions(shop, **SPARSE)
    edited("models/retrieval/item_knn.py", "models/retrieval/item_knn_config.py", "models/registry.py")
    assert changed(towers, versions(shop)) == set()
    users = {"retrieval_model", "training_lists", "ranking_model", "evaluation", "release"}
    assert changed(knn, versions(shop, **SPARSE)) == users


def test_a_family_changes_those_that_use_it(shop: Path, home: Home, edited: Any) -> None:
    towers, knn = versions(shop), versions(shop, **SPARSE)
    edited("models/retrieval/two_tower.py")
    users = {"retrieval_model", "item_embeddings", "training_lists", "ranking_model", "evaluation", "release"}
    assert changed(towers, versions(shop)) == users
    assert changed(knn, versions(shop, **SPARSE)) == set()


def test_a_sparse_model_needs_no_vectors_and_no_index(shop: Path, home: Home) -> None:
    without = {"item_embeddings", "faiss_index"}
    assert set(versions(shop)) - set(versions(shop, **SPARSE)) == without
    graph = graph_of(shop)
    assert not [key for key in graph.asset_check_keys if key.name == "recall"]
    both = versions(shop, retrieval=[{"model": "item_knn"}, {"model": "two_tower"}])
    assert without < set(both)
    checks = graph_of(shop).asset_check_keys
    assert {key.asset_key.path[-1] for key in checks if key.name == "recall"} == {"faiss_index", "release"}


def test_what_a_new_day_changes_is_there(shop: Path, home: Home) -> None:
    """A run that asks for an asset which the models do not need could not start."""
    for sections in ({}, SPARSE):
        versions(shop, **sections)
        [blueprint] = blueprints(shop, home)
        assert set(blueprint.chain) <= graph_of(shop).get_all_asset_keys()
        assert (blueprint.key("faiss_index") in blueprint.chain) == (sections != SPARSE)
