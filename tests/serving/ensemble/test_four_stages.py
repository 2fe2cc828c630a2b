from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from feature_repo.offline.columns import CREATED, EVENT_TIME, PRESENT
from ops_gpu.candidates.candidate_config import CandidateConfig
from ops_gpu.primitives.ragged import Ragged
from ops_gpu.recommender.two_stage import recommend
from ops_gpu.schema.column import ColumnSchema
from ops_gpu.schema.schema import Schema
from ops_gpu.schema.tags import Tags
from serving.ensemble.ensemble import Ensemble
from serving.ensemble.four_stages_config import FourStagesConfig
from serving.operators.features.query_history_store import QueryHistoryStore
from serving.release.built_with import write_built_with
from serving.release.manifest import ReleaseMetadata
from serving.release.release import Release
from serving.request.columns import Columns
from serving.rules.ordering_config import OrderingConfig, Sampling
from serving.stores.user_history_store import UserHistoryStore
from tests.serving.stages import described_stages, shop_ensemble
from tests.serving.whole_release import Whole, whole_release

USERS = np.arange(30)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Whole:
    return whole_release(tmp_path_factory.mktemp("whole"), two_tower=12, popular=9, co_occurrence=10)


@pytest.fixture(scope="module")
def ensemble(whole: Whole) -> Ensemble:
    return Ensemble.of(whole.release)


def values(columns: Columns, name: str) -> Ragged:
    column = columns[name]
    assert isinstance(column, Ragged)
    return column


def test_the_ensemble_recommends_what_the_models_were_evaluated_with(whole: Whole, ensemble: Ensemble) -> None:
    parts = whole.parts
    codes = parts.workflow.encode("user_id", USERS)
    offline = recommend(parts.data, parts.sources, parts.ranking, codes.astype(np.int64), 10)
    answer = ensemble.transform({"user_id": USERS, "k": np.full(30, 10, np.int32)})
    expected = parts.workflow.decode("item_id", offline.final)
    np.testing.assert_array_equal(values(answer, "item_id").to_dense(10, -1), expected)
    np.testing.assert_allclose(values(answer, "score").to_dense(10, np.nan), offline.scores, rtol=1e-5, atol=1e-5)


def test_a_batch_gives_what_single_requests_give(ensemble: Ensemble) -> None:
    users = np.array([3, 99, 7, -5, 12])
    k = np.array([5, 4, 60, 1, 2], np.int32)
    batch = ensemble.transform({"user_id": users, "k": k})
    for row in range(len(users)):
        single = ensemble.transform({"user_id": users[row : row + 1], "k": k[row : row + 1]})
        np.testing.assert_array_equal(values(single, "item_id")[0], values(batch, "item_id")[row])
        np.testing.assert_array_equal(values(single, "source")[0], values(batch, "source")[row])
        np.testing.assert_allclose(values(single, "score")[0], values(batch, "score")[row], rtol=1e-5)


def test_seen_and_unavailable_items_never_come_back(whole: Whole, ensemble: Ensemble) -> None:
    data = whole.parts.data
    codes = whole.parts.workflow.encode("user_id", USERS)
    answer = values(ensemble.transform({"user_id": USERS, "k": np.full(30, 1000, np.int32)}), "item_id")
    for row, code in enumerate(codes):
        items = whole.parts.workflow.encode("item_id", answer[row])
        assert len(items) and not set(items) & set(data.events.item[data.events.user == code].tolist())
        assert data.available[items].all()


def test_an_unknown_user_gets_the_popular_list(whole: Whole, ensemble: Ensemble) -> None:
    answer = ensemble.transform({"user_id": np.array([12345]), "k": np.array([7], np.int32)})
    popular = whole.parts.sources.item_state.popular
    codes = whole.parts.workflow.encode("item_id", values(answer, "item_id")[0])
    best = np.sort(popular[whole.parts.data.offered(None)])[::-1][:7]
    np.testing.assert_allclose(popular[codes], best)
    assert (values(answer, "source")[0] == 130).all()


def test_repeats_bring_the_own_history_back(tmp_path: Path) -> None:
    whole = whole_release(tmp_path, repeats=True, history=5, two_tower=0, popular=0, co_occurrence=0)
    answer = Ensemble.of(whole.release).transform({"user_id": USERS[:3], "k": np.full(3, 3, np.int32)})
    data, codes = whole.parts.data, whole.parts.workflow.encode("user_id", USERS[:3])
    for row, code in enumerate(codes):
        items = whole.parts.workflow.encode("item_id", values(answer, "item_id")[row])
        assert len(items) and set(items.tolist()) <= set(data.events.item[data.events.user == code].tolist())
    assert (values(answer, "source").values == 4).all()


def test_a_workflow_of_another_release_is_refused(whole: Whole, tmp_path: Path) -> None:
    folder = tmp_path / "parts"
    shutil.copytree(whole.release.path, folder, ignore=shutil.ignore_patterns("manifest.json"))
    for part in folder.glob("*/lineage.json"):
        hashes = json.loads(part.read_text())
        part.unlink()
        write_built_with(part.parent, **{**hashes, "workflow": "f" * 64})
    release = Release.write(folder, whole.release.path.parents[1], "mixed", ReleaseMetadata())
    with pytest.raises(ValueError, match="built with workflow ffffffffffff, but it holds workflow"):
        Ensemble.of(release)


def config(candidates: CandidateConfig, ordering: OrderingConfig | None = None) -> FourStagesConfig:
    users = Schema([ColumnSchema("user_id", "int32", frozenset({Tags.USER_ID}))])
    items = Schema([ColumnSchema("item_id", "int32", frozenset({Tags.ITEM_ID}))])
    return FourStagesConfig(
        "int64",
        "string",
        Schema(),
        users,
        items,
        *described_stages(users, items),
        candidates,
        ordering or OrderingConfig(),
    )


def test_a_recommender_without_features_has_the_same_stages() -> None:
    ensemble = shop_ensemble("shop", config(CandidateConfig()))
    assert ensemble.outputs["item_id"].dtype == "string" and ensemble.outputs["item_id"].is_list
    assert ensemble.inputs.names == ["user_id", "k", "event_item", "event_time", "event_positive"]


def test_sampling_takes_a_seed() -> None:
    sampled = OrderingConfig(softmax_sampling=Sampling(0.5))
    assert "seed" in shop_ensemble("shop", config(CandidateConfig(), sampled)).inputs


def test_a_recommender_needs_a_source() -> None:
    with pytest.raises(ValueError, match="All candidate sources are switched off"):
        shop_ensemble("shop", config(CandidateConfig({"two_tower": 0, "popular": 0, "co_occurrence": 0})))


def test_items_and_users_from_stores_give_the_same_lists(whole: Whole, ensemble: Ensemble, tmp_path: Path) -> None:
    source = pl.read_parquet(whole.release.path.parents[2] / "feast/whole/users/*.parquet")
    users = source.drop(EVENT_TIME, CREATED, PRESENT)
    UserHistoryStore.build(tmp_path / "histories/whole", users)
    raw = Schema.from_polars(users.drop("user_id", pl.selectors.starts_with("history_")))
    stored = ["user_id"] >> QueryHistoryStore("../../../histories/whole", raw.to_dict(), memory_mb=16)
    types = {"user": "int64", "item": "int64"}
    whole.parts.write(tmp_path / "parts", stored, raw, types, item_memory_mb=0)
    release = Release.write(tmp_path / "parts", tmp_path / "releases", "whole", ReleaseMetadata())
    other = Ensemble.of(release)
    asked: Columns = {"user_id": np.append(USERS, 12345), "k": np.full(31, 20, np.int32)}
    for _ in range(2):
        mine, its = other.transform(asked), ensemble.transform(asked)
        for name in ("item_id", "source", "score"):
            np.testing.assert_array_equal(values(mine, name).values, values(its, name).values)
            np.testing.assert_array_equal(values(mine, name).offsets, values(its, name).offsets)
    told = other.store_metrics()
    assert sorted(told) == ["LookupItems", "QueryHistoryStore"] and not ensemble.store_metrics()
    assert all(metrics.hit_rate() >= 0.5 for metrics in told.values())
    assert told["QueryHistoryStore"].unknown == 2
