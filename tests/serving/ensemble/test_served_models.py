"""Every registered model answers in a release as it does in the library."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ops_gpu.candidates.candidate_config import CandidateConfig
from ops_gpu.models.model_config import RankerConfig, RetrieverConfig
from ops_gpu.models.registry import RANKERS, RETRIEVERS, ranker_class, retriever_class
from ops_gpu.primitives.ragged import Ragged
from ops_gpu.recommender.candidate_sources import sources_at
from ops_gpu.recommender.fit_config import FitConfig
from ops_gpu.recommender.two_stage import make_ranking_rows, recommend
from ops_gpu.schema.schema import Schema
from serving.ensemble.ensemble import Ensemble
from serving.ensemble.release_parts import Parts
from serving.ensemble.source_names import source_names
from serving.operators.features.query_feast import QueryFeast
from serving.release.manifest import ReleaseMetadata
from serving.release.release import Release
from tests.ops_gpu.models.families import quick_ranker, quick_retriever
from tests.serving.whole_release import AS_OF, NAME, Whole, whole_release

USERS = np.arange(30)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Whole:
    return whole_release(tmp_path_factory.mktemp("served"), two_tower=12, popular=9)


def fitted(whole: Whole, retrieval: dict[str, RetrieverConfig], ranking: RankerConfig) -> Parts:
    """These models on the data of a release."""
    data, sizes = whole.parts.data, {**dict.fromkeys(retrieval, 12), "popular": 9, "co_occurrence": 0}
    config = FitConfig(retrieval, CandidateConfig(sizes), ranking)
    models = {name: retriever_class(name).fit(data, settings, AS_OF) for name, settings in retrieval.items()}
    rows = make_ranking_rows(data, models, config, AS_OF)
    ranker = ranker_class(ranking).fit(data, rows, ranking)
    sources = sources_at(data, models, AS_OF, config.candidates, live=True)
    return Parts(whole.parts.workflow, data, sources, models, ranker, config)


def answers_like_its_parts(whole: Whole, parts: Parts, place: Path) -> Ensemble:
    raw = Schema.from_polars(whole.users.drop("user_id"))
    feast = QueryFeast(f"../../../feast/{NAME}", raw.to_dict())
    parts.write(place / "parts", ["user_id"] >> feast, raw, {"user": "int64", "item": "int64"})
    release = Release.write(place / "parts", whole.release.path.parents[1], "served", ReleaseMetadata())
    ensemble = Ensemble.of(release)
    answer = ensemble.transform({"user_id": USERS, "k": np.full(30, 10, np.int32)})
    codes = parts.workflow.encode("user_id", USERS).astype(np.int64)
    offline = recommend(parts.data, parts.sources, parts.ranking, codes, 10)
    items, scores = answer["item_id"], answer["score"]
    assert isinstance(items, Ragged)
    assert isinstance(scores, Ragged)
    np.testing.assert_array_equal(items.to_dense(10, -1), parts.workflow.decode("item_id", offline.final))
    np.testing.assert_allclose(scores.to_dense(10, np.nan), offline.scores, rtol=1e-4, atol=1e-4)
    assert source_names(ensemble) == parts.config.names
    return ensemble


def quick() -> RankerConfig:
    return quick_ranker("dlrm", epochs=2, moments=2, lists=50)


@pytest.mark.parametrize("name", RETRIEVERS)
def test_a_retrieval_model_alone(whole: Whole, tmp_path: Path, name: str) -> None:
    answers_like_its_parts(whole, fitted(whole, {name: quick_retriever(name)}, quick()), tmp_path)


@pytest.mark.parametrize("name", RANKERS)
def test_a_ranker(whole: Whole, tmp_path: Path, name: str) -> None:
    ranking = quick_ranker(name, moments=2, lists=50)
    answers_like_its_parts(whole, fitted(whole, {"item_knn": quick_retriever("item_knn")}, ranking), tmp_path)


def test_all_of_them_together(whole: Whole, tmp_path: Path) -> None:
    parts = fitted(whole, {name: quick_retriever(name) for name in RETRIEVERS}, quick())
    ensemble = answers_like_its_parts(whole, parts, tmp_path)
    answer = ensemble.transform({"user_id": USERS, "k": np.full(30, 1000, np.int32)})
    wide, source = answer["sources"], answer["source"]
    assert isinstance(wide, Ragged)
    assert isinstance(source, Ragged)
    names = source_names(ensemble)
    for name in RETRIEVERS:
        assert (wide.values >> names.index(name) & 1).any(), name
    known = wide.values >> names.index("popular") & 1
    np.testing.assert_array_equal(known, source.values >> 1 & 1)
