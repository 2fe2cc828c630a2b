from __future__ import annotations

from pathlib import Path

import faiss
import numpy as np
import numpy.typing as npt
import pytest

from ops_gpu.candidates import index as module
from ops_gpu.candidates.index import ItemIndex
from ops_gpu.primitives.tie_order import tie_order

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
    """A quantizer that looks into some lists of many misses what lies in the others."""
    found = ItemIndex.build(VECTORS, OFFERED, "ivf")
    found.index.nprobe = 3
    mine = VECTORS[OFFERED]
    recall = module._recall(found, mine, mine, size=100)
    codes, _ = found.search(mine, 100)
    hits = [len(set(f) & set(w)) for f, w in zip(codes, exact(mine, 100), strict=True)]
    assert recall == pytest.approx(np.mean(hits) / 100, abs=1e-3) and recall < 0.95


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


def groups(distinct: int, size: int, seed: int = 0) -> Floats:
    """Some distinct vectors, half of which as many items have; the items of a group lie apart."""
    vectors = clustered(distinct, seed, 32)
    every = np.concatenate([np.arange(distinct), np.repeat(np.arange(0, distinct, 2), size - 1)])
    return vectors[np.random.default_rng(seed).permutation(every)]


@pytest.mark.parametrize("kind", ["flat", "hnsw", "ivf"])
@pytest.mark.parametrize("size", [3, 40, 250])
def test_items_of_equal_vectors_are_found_together(kind: str, size: int, tmp_path: Path) -> None:
    """A group that HNSW would link to itself alone; cold items of equal features are one."""
    vectors, queries = groups(1500, size), clustered(60, 1, 32)
    index = ItemIndex.build(vectors, np.ones(len(vectors), np.bool_), kind)
    index.save(tmp_path / "index")
    products = queries @ vectors.T
    for made in (index, ItemIndex.load(tmp_path / "index")):
        codes, scores = made.search(queries, 90)
        assert (codes >= 0).all()
        least = np.sort(products, axis=1)[:, -90]
        reached = np.take_along_axis(products, codes.astype(np.int64), 1) >= least[:, None] - 1e-5
        assert reached.mean() > (0.85 if kind == "ivf" else 0.99)
        for row in range(len(queries)):
            assert len(set(codes[row].tolist())) == 90
            order = np.lexsort((tie_order(codes[row]), -scores[row]))
            assert codes[row][order].tolist() == codes[row].tolist()
            last = np.flatnonzero((vectors == vectors[codes[row, -1]]).all(1))
            last = last[np.argsort(tie_order(last))]  # who ties comes in this order, cut off where the list ends
            mine = [code for code in codes[row].tolist() if code in set(last.tolist())]
            assert mine == last[: len(mine)].tolist()


def test_equal_items_count_once_in_faiss_and_each_as_an_item() -> None:
    vectors = groups(300, 5)
    offered = np.arange(len(vectors)) % 7 != 0
    index = ItemIndex.build(vectors, offered)
    assert index.index.ntotal == len(np.unique(vectors[offered], axis=0)) < offered.sum()
    assert sorted(index.items.values.tolist()) == np.flatnonzero(offered).tolist()


@pytest.mark.parametrize("kind", ["hnsw", "ivf"])
def test_as_many_are_found_as_there_are(kind: str) -> None:
    """Half of the vectors lie where no search gets to that begins at the others."""
    vectors = np.concatenate([clustered(400, 2), np.repeat(clustered(1, 3), 400, 0)])
    vectors[400:] += np.random.default_rng(0).normal(0, 1e-7, vectors[400:].shape).astype(np.float32)
    index = ItemIndex.build(vectors, np.ones(800, np.bool_), kind)
    if kind == "ivf":
        index.index.nprobe = 1
    found, _ = index.search(vectors[:50], 700)
    lacking, _ = index.search(vectors[:50], 900)
    assert (found >= 0).all() and (lacking[:, :800] >= 0).all() and (lacking[:, 800:] == -1).all()
    assert all(len(set(row)) == 700 for row in found.tolist())


def test_an_index_of_before_has_an_item_a_label(tmp_path: Path) -> None:
    index = ItemIndex.build(VECTORS, OFFERED, "hnsw")
    index.index.hnsw.efSearch = 77
    index.save(tmp_path / "index")
    (tmp_path / "index" / "rows.npy").unlink()
    np.save(tmp_path / "index" / "codes.npy", index.items.values.astype(np.int64))
    loaded = ItemIndex.load(tmp_path / "index")
    assert loaded._effort(10).efSearch == 77 and loaded._effort(200).efSearch == 200  # as when its recall was measured
    np.testing.assert_array_equal(loaded.search(VECTORS[:5], 9)[0], index.search(VECTORS[:5], 9)[0])


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


def test_an_index_looks_as_far_as_users_lie(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Queries between the clusters are hard: as it is built, it finds too little for them."""
    vectors = clustered(20_000, dimension=48)
    everything = np.ones(len(vectors), np.bool_)
    monkeypatch.setattr(module, "EF_SEARCH", 10)
    index = ItemIndex.build(vectors, everything, "hnsw")
    random = np.random.default_rng(3)
    users = random.normal(size=(100, 48)).astype(np.float32)
    users /= np.linalg.norm(users, axis=1, keepdims=True)

    def recall(one: ItemIndex) -> float:
        wanted = np.argsort(-(users @ vectors.T), axis=1)[:, :100]
        found, _ = one.search(users, 100)
        return float(np.mean([len(set(f) & set(w)) / 100 for f, w in zip(found, wanted, strict=True)]))

    before = recall(index)
    assert before < 0.9
    tuned = index.tuned(users)
    assert recall(tuned) == pytest.approx(tuned.recall) and tuned.recall > before + 0.05
    assert tuned.recall >= module.ENOUGH or tuned.index.hnsw.efSearch >= module.MOST_EF
    tuned.save(tmp_path)
    assert recall(ItemIndex.load(tmp_path)) == pytest.approx(tuned.recall)
    assert tuned.tuned(users[:0]) is tuned
    flat = ItemIndex.build(vectors, everything, "flat")
    assert flat.tuned(users) is flat
