from __future__ import annotations

from pathlib import Path

import faiss
import numpy as np
import numpy.typing as npt
import pytest

from ops_gpu import index as module
from ops_gpu.index import ItemIndex

Floats = npt.NDArray[np.float32]


def clustered(items: int, seed: int = 0, dimension: int = 16) -> Floats:
    """Unit vectors around 30 directions, as item vectors lie."""
    random = np.random.default_rng(seed)
    centres = random.normal(size=(30, dimension))
    vectors = centres[random.integers(0, 30, items)] + 0.4 * random.normal(size=(items, dimension))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


VECTORS = clustered(2000)
OFFERED = np.arange(2000) % 5 != 0


def exact(queries: Floats, size: int) -> npt.NDArray[np.int64]:
    scores = np.where(OFFERED, queries @ VECTORS.T, -np.inf)
    return np.argsort(-scores, axis=1)[:, :size]


@pytest.mark.parametrize(("kind", "least"), [("flat", 1.0), ("hnsw", 0.98), ("ivf", 0.9)])
def test_every_kind_finds_the_nearest(kind: str, least: float, tmp_path: Path) -> None:
    index = ItemIndex.build(VECTORS, OFFERED, kind)
    queries = clustered(50, seed=1)
    codes, scores = index.search(queries, 20)
    hits = [len(set(found) & set(wanted)) / 20 for found, wanted in zip(codes, exact(queries, 20), strict=True)]
    assert np.mean(hits) >= least and least <= index.recall <= 1.0
    assert OFFERED[codes].all() and (np.diff(scores, axis=1) <= 1e-6).all()
    np.testing.assert_allclose(scores, np.einsum("qd,qkd->qk", queries, VECTORS[codes]), rtol=1e-4, atol=1e-5)
    index.save(tmp_path / "index")
    loaded = ItemIndex.load(tmp_path / "index")
    assert (loaded.kind, loaded.recall) == (kind, index.recall)
    np.testing.assert_array_equal(loaded.search(queries, 20)[0], codes)


def test_measured_recall_is_the_share_of_the_exact_top() -> None:
    """A quantizer that looks into one list of many misses what lies in the others."""
    found = ItemIndex.build(VECTORS, OFFERED, "ivf")
    found.index.nprobe = 1
    mine = VECTORS[OFFERED]
    recall = module._recall(found.index, mine, queries=len(mine), size=100)
    codes, _ = found.search(mine, 100)
    hits = [len(set(f) & set(w)) for f, w in zip(codes, exact(mine, 100), strict=True)]
    assert recall == pytest.approx(np.mean(hits) / 100, abs=1e-3) and recall < 0.9


@pytest.mark.parametrize("kind", ["flat", "hnsw", "ivf"])
def test_fewer_items_than_are_asked_for(kind: str) -> None:
    offered = np.zeros(2000, np.bool_)
    offered[[7, 11, 900]] = True
    codes, _ = ItemIndex.build(VECTORS, offered, kind).search(VECTORS[:4], 5)
    assert codes.shape == (4, 5)
    for row in codes.tolist():
        found = [code for code in row if code >= 0]
        assert row == found + [-1] * (5 - len(found)) and set(found) <= {7, 11, 900}
        assert len(found) == 3


def test_hnsw_finds_many_where_many_are_asked_for() -> None:
    """A user who has seen hundreds of items asks for hundreds more."""
    queries = clustered(20, seed=1)
    codes, _ = ItemIndex.build(VECTORS, OFFERED, "hnsw").search(queries, 700)
    assert (codes >= 0).all()
    hits = [len(set(found) & set(wanted)) / 700 for found, wanted in zip(codes, exact(queries, 700), strict=True)]
    assert np.mean(hits) > 0.95


def test_no_queries() -> None:
    codes, scores = ItemIndex.build(VECTORS, OFFERED).search(VECTORS[:0], 5)
    assert codes.shape == scores.shape == (0, 5)


@pytest.mark.parametrize(
    ("items", "device", "kind"),
    [
        (20_000, "cpu", "flat"),
        (20_001, "cpu", "hnsw"),
        (999_999, "cpu", "hnsw"),
        (1_000_000, "cpu", "ivf"),
        (20_000, "gpu", "flat"),
        (20_001, "gpu", "ivf"),
    ],
)
def test_size_and_device_choose_the_kind(items: int, device: str, kind: str) -> None:
    assert module._choose(items, device) == kind


def test_auto_is_exact_when_small() -> None:
    index = ItemIndex.build(VECTORS, OFFERED)
    assert (index.kind, index.recall) == ("flat", 1.0) and isinstance(index.index, faiss.IndexFlatIP)


def test_an_unknown_kind() -> None:
    with pytest.raises(ValueError, match=r"unknown index kind 'tree'; choose auto, flat, hnsw or ivf"):
        ItemIndex.build(VECTORS, OFFERED, "tree")


def test_nothing_on_offer() -> None:
    with pytest.raises(ValueError, match=r"no item may be recommended.*check `available` of items"):
        ItemIndex.build(VECTORS, np.zeros(2000, np.bool_))


def test_a_gpu_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faiss, "get_num_gpus", lambda: 0, raising=False)
    with pytest.raises(RuntimeError, match=r"this Faiss sees none; install the `gpu` extra"):
        ItemIndex.build(VECTORS, OFFERED, device="gpu")


def test_hnsw_is_not_built_on_a_gpu() -> None:
    with pytest.raises(ValueError, match="no hnsw index on a GPU; choose auto, flat or ivf"):
        ItemIndex.build(VECTORS, OFFERED, "hnsw", "gpu")
