"""What an asset reads is what its arrows say: with everything else moved away, it is made as before."""

from __future__ import annotations

import importlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import numpy as np
import pytest

from recsys_assets.blueprint.asset_names import CHAIN
from recsys_assets.component.locations import load
from recsys_assets.component.shared_definitions import shared_definitions
from tests.recsys_assets.checks.gates import NAME, Gates
from tests.recsys_assets.runs import failure, materialize
from tests.tiny import Tiny

pytestmark = pytest.mark.triton
PARTS = {
    "interactions": ("interactions",),
    "users": ("users.parquet", "users_known.json"),
    "items": ("items.parquet", "items_known.json"),
    "statistics": ("statistics",),
    "item_state": ("item_state", "folds"),
    "workflow": ("workflow", "challenger_workflow", "workflow_fit.json", "planned_ranges.json"),
    "schema": ("schema.json",),
    "features": ("features",),
    "feature_store": ("../../feast/tiny",),
    "retrieval_model": ("retrieval_model",),
    "item_embeddings": ("item_embeddings",),
    "faiss_index": ("faiss_index",),
    "training_lists": ("training_lists",),
    "ranking_model": ("ranking_model",),
    "evaluation": ("evaluation",),
    "release": ("release.json",),
}
"""What each asset writes, below the folder of its recommender."""
MODELS = ("ops_gpu.models.retrieval.two_tower", "ops_gpu.models.ranking.dlrm")
PASSING = ("mlflow_run", "judged", "files", "hash", "anew", "refit", "since", "models", "model")
"""Keys of values that are those of a run, or of a moment."""
BY_DAY = ("interactions", "statistics", "item_state", "features")


@pytest.fixture
def gates(tiny: Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Gates:
    monkeypatch.setenv("RECSYS_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("RECSYS_RECOMMENDERS", raising=False)
    return Gates.over(tiny, tmp_path)


def inputs(gates: Gates, asset: str) -> set[str]:
    defs = dg.Definitions.merge(load(gates.folder), shared_definitions(gates.home))
    graph, key = defs.resolve_asset_graph(), gates.blueprint.key(asset)
    nodes = [graph.get(key), *(graph.get(check) for check in graph.get(key).check_keys)]  # what its checks read too
    parents = {parent for node in nodes for parent in node.parent_entity_keys}
    return {parent.path[-1] for parent in parents - {key} if isinstance(parent, dg.AssetKey)}


def move_away(gates: Gates, kept: set[str], place: Path) -> list[str]:
    """Everything that assets other than these have written; gives their names."""
    root, others = gates.home.recommender(NAME), [asset for asset in PARTS if asset not in kept]
    for asset in others:
        for part in PARTS[asset]:
            if (root / part).exists():
                target = place / asset / Path(part).name
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.move(root / part, target)
    return others


def values(path: Path) -> Iterator[tuple[str, Any]]:
    """What a file or the files of a folder hold, but for what names a moment or a run."""
    for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
        name = str(file.relative_to(path))
        if file.suffix == ".keras":
            import keras

            for module in MODELS:  # whose layers are known to Keras once they are imported
                importlib.import_module(module)
            for number, weights in enumerate(keras.models.load_model(file).get_weights()):
                yield f"{name} {number}", weights
        elif file.suffix == ".json":
            found = json.loads(file.read_text())
            yield name, {key: found[key] for key in found if key not in PASSING}
        elif file.suffix == ".npy":
            yield name, np.load(file, allow_pickle=False)
        elif file.suffix == ".parquet":
            import polars as pl

            yield name, pl.read_parquet(file, glob=False).to_dict(as_series=False)


def test_every_asset_is_named_here() -> None:
    assert set(PARTS) == set(CHAIN) - {"deployment"}


@pytest.mark.parametrize("asset", list(PARTS))
def test_nothing_is_read_above_its_arrows(gates: Gates, asset: str, tmp_path: Path) -> None:
    root = gates.home.recommender(NAME)
    before = {part: dict(values(root / part)) for part in PARTS[asset] if not part.startswith("..")}
    own = {asset} if asset == "item_state" else set()  # which states it keeps goes by when it was asked
    others = move_away(gates, own | inputs(gates, asset), tmp_path / "away")  # else it could hand on its own of before
    assert len(others) > 1
    days = map(str, gates.blueprint.span()) if asset in BY_DAY else ()
    result = materialize(gates.folder, [asset], *days)
    assert result.success, failure(result)
    for part, known in before.items():
        found = dict(values(root / part))
        assert set(found) == set(known)
        for name, value in known.items():
            if isinstance(value, np.ndarray) and value.dtype.kind == "f":
                np.testing.assert_allclose(found[name], value, rtol=1e-4, atol=1e-5, err_msg=name)
            else:
                np.testing.assert_equal(found[name], value, err_msg=name)


@pytest.mark.parametrize(
    ("asset", "needed"),
    [
        (asset, needed)
        for asset, needs in {
            "features": ("interactions", "item_state", "workflow"),
            "retrieval_model": ("features", "users", "items", "workflow"),
            "training_lists": ("retrieval_model", "features"),
            "ranking_model": ("training_lists",),
            "faiss_index": ("item_embeddings",),
            "evaluation": ("faiss_index", "item_embeddings", "ranking_model"),
            "release": ("evaluation", "training_lists", "ranking_model"),
        }.items()
        for needed in needs
    ],
)
def test_what_an_arrow_brings_is_missed(gates: Gates, asset: str, needed: str, tmp_path: Path) -> None:
    """Without what it reads, it is not made, and says so."""
    assert needed in inputs(gates, asset)
    move_away(gates, set(PARTS) - {needed}, tmp_path / "away")
    days = map(str, gates.blueprint.span()) if asset in BY_DAY else ()
    assert not materialize(gates.folder, [asset], *days).success
