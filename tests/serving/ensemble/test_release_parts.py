from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from ops_gpu.candidates.candidate_config import CandidateConfig
from ops_gpu.candidates.index import ItemIndex
from ops_gpu.candidates.item_weights import ItemWeights
from ops_gpu.features.feature_table import FeatureTable
from ops_gpu.interactions.item_state import ItemState, ItemStateConfig
from ops_gpu.models.ranking.dlrm import Dlrm
from ops_gpu.models.ranking.dlrm_config import DlrmConfig
from ops_gpu.models.retrieval.item_knn_config import ItemKnnConfig
from ops_gpu.models.retrieval.two_tower import TwoTower
from ops_gpu.models.retrieval.two_tower_config import TwoTowerConfig
from ops_gpu.operators import LambdaOp
from ops_gpu.operators.columns.lambda_op import feature_function
from ops_gpu.primitives.ragged import Ragged
from ops_gpu.recommender.fit_config import FitConfig
from ops_gpu.recommender.learned_source import DenseSource, SparseSource
from ops_gpu.schema.column import ColumnSchema
from ops_gpu.schema.schema import Schema
from ops_gpu.workflow.workflow import Workflow
from serving.ensemble.ensemble import Ensemble
from serving.ensemble.release_parts import OF_MODELS, SETTINGS, Parts, read_settings
from serving.operators.features.query_feast import QueryFeast
from serving.release.built_with import read_built_with
from serving.rules.condition import Condition
from tests.serving.whole_release import Whole, whole_release

SNAPSHOT = ItemStateConfig((0.5, 4.0), popular_half_life_days=3.0, neighbours=7, co_occurrence_history=9)
CONFIG = FitConfig(
    {"two_tower": TwoTowerConfig(dimension=8, hidden=(12, 8), history_length=4), "item_knn": ItemKnnConfig(30)},
    CandidateConfig({"two_tower": 9, "popular": 8, "history": 7, "item_knn": 6}, True, SNAPSHOT),
    DlrmConfig(bottom=(5,), top=(4, 3), id_embeddings=True, step_days=2.5),
)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Whole:
    return whole_release(tmp_path_factory.mktemp("parts"), two_tower=12, popular=9, item_knn=8)


@pytest.fixture(scope="module")
def folder(whole: Whole, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(whole.parts, tmp_path_factory.mktemp("written") / "parts")


def write(parts: Parts, folder: Path) -> Path:
    raw = Schema([ColumnSchema("age", "float32"), ColumnSchema("city", "string")])
    feast = QueryFeast("../feast", raw.to_dict())
    parts.write(folder, ["user_id"] >> feast, raw, {"user": "int64", "item": "int64"})
    return folder


def test_every_part_comes_back(whole: Whole, folder: Path) -> None:
    parts = whole.parts
    assert Workflow.load(folder / "workflow").hash() == parts.workflow.hash()
    dense, sparse = parts.sources.learned["two_tower"], parts.sources.learned["item_knn"]
    assert isinstance(dense, DenseSource)
    assert isinstance(sparse, SparseSource)
    np.testing.assert_array_equal(np.load(folder / "item_embeddings/two_tower/vectors.npy"), dense.vectors)
    weights = ItemWeights.load(folder / "retrieval_model/item_knn")
    np.testing.assert_array_equal(weights.weights, sparse.weights.weights)
    items = FeatureTable.load(folder / "item_features")
    assert items.size == parts.data.items.size and set(items.columns) == set(parts.data.items.columns)
    item_state = ItemState.load(folder / "snapshot")
    np.testing.assert_array_equal(item_state.popularity, parts.sources.item_state.popularity)
    index = ItemIndex.load(folder / "faiss_index/two_tower")
    np.testing.assert_array_equal(index.items.values, dense.index.items.values)
    retrieval = TwoTower.load(folder / "retrieval_model/two_tower", parts.config.retrieval["two_tower"])
    np.testing.assert_array_equal(retrieval.embed_items(parts.data), dense.vectors)
    ranking = Dlrm.load(folder / "ranking_model", parts.config.ranking)
    assert ranking.network() == parts.ranking.network()
    assert json.loads((folder / "ensemble.json").read_text())


def test_settings_come_back(whole: Whole, tmp_path: Path) -> None:
    other = replace(whole.parts, config=CONFIG)
    assert read_settings(write(other, tmp_path / "other")) == CONFIG


def test_parts_note_what_they_were_built_with(whole: Whole, folder: Path) -> None:
    workflow = whole.parts.workflow.hash()
    noted = {part: read_built_with(folder / part) for part in OF_MODELS}
    assert len({hashes["retrieval_model"] for hashes in noted.values()}) == 1
    assert {hashes["workflow"] for hashes in noted.values()} == {workflow}
    for part in ("item_features", "snapshot"):
        assert read_built_with(folder / part) == {"workflow": workflow}


def test_other_towers_give_another_hash(whole: Whole, folder: Path, tmp_path: Path) -> None:
    learned = dict(whole.parts.sources.learned)
    dense = learned["two_tower"]
    assert isinstance(dense, DenseSource)
    learned["two_tower"] = replace(dense, vectors=dense.vectors + np.float32(0.5))
    sources = replace(whole.parts.sources, learned=learned)
    other = write(replace(whole.parts, sources=sources), tmp_path / "other")
    mine, its = (read_built_with(f / "faiss_index")["retrieval_model"] for f in (folder, other))
    assert mine != its


@feature_function
def in_python(value: pl.Expr) -> pl.Expr:
    """Twice the number, by code that no release holds."""
    return value.map_batches(lambda numbers: numbers * 2, pl.Float32, is_elementwise=True)


def test_a_workflow_that_runs_code_is_refused_before_anything_is_written(whole: Whole, tmp_path: Path) -> None:
    frame = pl.DataFrame({"age": [1.0]})
    workflow = Workflow(["age"] >> LambdaOp(in_python)).fit(frame)
    workflow.save(tmp_path / "workflow")  # other processes that import this module may read it
    with pytest.raises(
        ValueError, match=r"test_release_parts:in_python\) cannot be served, for nothing in a release runs code"
    ):
        write(replace(whole.parts, workflow=workflow), tmp_path / "other")
    assert not (tmp_path / "other").exists()


def test_nothing_is_overwritten(whole: Whole, folder: Path) -> None:
    before = (folder / SETTINGS).read_text()
    with pytest.raises(FileExistsError):
        write(whole.parts, folder)
    assert (folder / SETTINGS).read_text() == before


ODD = ["a b", "größe", "price (EUR)", "日本", "a:b", "x'y", 'x"y', "a\\b", "a,b", "%", "#", "A$", "a[0]", "a{b}", "^a"]


def test_columns_may_have_any_name_that_can_be_printed(tmp_path: Path) -> None:
    filters = [Condition(f"f{n}", f"i{name}", "differs", user=name) for n, name in enumerate(ODD[:3])]
    made = whole_release(tmp_path, named=ODD, filters=filters, two_tower=12, popular=9, co_occurrence=10)
    assert {*ODD, "user_id"} <= set(made.parts.data.user_schema.names)
    answer = Ensemble.of(made.release).transform({"user_id": np.arange(9), "k": np.full(9, 5, np.int32)})
    assert isinstance(answer["score"], Ragged)
    assert np.isfinite(answer["score"].values).all()
    assert len(answer["score"].values) > 0
