"""Nearest-neighbour index over item vectors, with Faiss."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import faiss
import numpy as np
import numpy.typing as npt

from ops_gpu.best_first import best_first
from ops_gpu.kernel import Float32Matrix, Int32Matrix, Int32s, Int64Matrix, kernel
from ops_gpu.ragged import Ragged

EXACT_UP_TO = 20_000  # a flat scan of 20,000 x 64 takes some 0.2 ms: below that nothing is gained by guessing
LINKS, EF_CONSTRUCTION = 16, 200  # of HNSW: 32 and 100 find as much, in a fifth more time and twice the links' memory
EF_SEARCH = 160  # HNSW nodes followed at least: of the nearest 100 among 200,000 x 64, 128 find .952 and 160 .967
IVF_FROM = 1_000_000  # above, HNSW's links cost more memory than the vectors

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class ItemIndex:
    """Finds the items whose vectors have the largest inner product with a query.

    Args:
        index: a Faiss index whose labels are positions in `codes`.
        codes: int64 `[indexed]`, item codes.
        kind: "flat", "hnsw" or "ivf".
        recall: share of the exact top 100 that it finds, measured when it was built (1.0 for flat).
    """

    index: Any
    codes: npt.NDArray[np.int64]
    kind: str
    recall: float

    @classmethod
    def build(
        cls, vectors: Floats, offered: npt.NDArray[np.bool_], kind: str = "auto", device: str = "cpu"
    ) -> ItemIndex:
        """Indexes the vectors of the offered items.

        Args:
            vectors: float32 `[items, dimension]`, unit length.
            offered: bool `[items]`.
            kind: "flat", "hnsw", "ivf", or "auto" to choose by size and device.
            device: "cpu", or "gpu" to train and fill the index there; "hnsw" is built on a CPU alone.

        Raises:
            ValueError: for an unknown kind, one that the device does not build, or when no item is offered.
            RuntimeError: when a GPU is asked for and this Faiss has none.
        """
        codes = np.flatnonzero(offered).astype(np.int64)
        if len(codes) == 0:
            raise ValueError("no item may be recommended, so there is nothing to index; check `available` of items.")
        kind = _choose(len(codes), device) if kind == "auto" else kind
        mine = np.ascontiguousarray(vectors[codes], np.float32)
        index: Any = _on_device(_empty(kind, mine.shape[1], len(codes)), device)
        index.train(mine)
        index.add(mine)
        index = faiss.index_gpu_to_cpu(index) if device == "gpu" else index
        if kind == "ivf":
            index.make_direct_map()  # vectors can be read back, which `search` does
        return cls(index, codes, kind, 1.0 if kind == "flat" else _recall(index, mine))

    def search(self, queries: Floats, size: int) -> tuple[npt.NDArray[np.int32], Floats]:
        """The `size` best items of each query, equally good ones by rising code.

        Faiss rounds the product with one and the same vector differently from place to place and from batch to batch,
        and cold items of equal features do have one and the same vector. So the products are made anew here, one by
        one, and the order follows from them.

        Args:
            queries: float32 `[queries, dimension]`.
            size: items a query.

        Returns:
            Codes int32 `[queries, size]`, -1 where the index holds fewer, and inner products float32.
        """
        queries = np.ascontiguousarray(queries, np.float32)
        _, labels = self.index.search(queries, size, params=_effort(self.kind, size))
        codes, scores = np.empty(labels.shape, np.int32), np.empty(labels.shape, np.float32)
        if labels.size == 0:
            return codes, scores
        vectors, places = (self._flat, labels) if self._flat is not None else self._read(np.maximum(labels, 0))
        _products(queries, vectors, labels, places, self._codes, codes, scores)
        lists = Ragged(codes.ravel(), np.arange(len(labels) + 1, dtype=np.int64) * labels.shape[1])
        best, scores = best_first(lists, scores.ravel(), size)
        return best.values.reshape(labels.shape), scores.reshape(labels.shape)

    def _read(self, labels: npt.NDArray[np.int64]) -> tuple[Floats, npt.NDArray[np.int64]]:
        """The vectors of labels, float32 `[labels, dimension]`, and where that of each lies among them."""
        read: Floats = self.index.reconstruct_batch(labels.ravel())
        return read, np.arange(labels.size).reshape(labels.shape)

    @cached_property
    def _codes(self) -> npt.NDArray[np.int32]:
        return self.codes.astype(np.int32)

    @cached_property
    def _flat(self) -> Floats | None:
        """The vectors themselves where Faiss keeps them as one array."""
        if self.kind == "ivf":
            return None
        flat: Any = faiss.downcast_index(self.index.storage) if self.kind == "hnsw" else self.index
        stored = faiss.rev_swig_ptr(flat.get_xb(), flat.ntotal * flat.d)  # type: ignore[attr-defined]
        return np.asarray(stored).reshape(flat.ntotal, flat.d)

    def save(self, folder: Path) -> None:
        """Writes the index into a new folder."""
        folder.mkdir(parents=True)
        faiss.write_index(self.index, str(folder / "index.faiss"))
        np.save(folder / "codes.npy", self.codes, allow_pickle=False)
        (folder / "kind.txt").write_text(f"{self.kind} {self.recall!r}\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> ItemIndex:
        """Opens what `save` wrote."""
        kind, recall = (folder / "kind.txt").read_text(encoding="utf-8").split()
        codes = np.load(folder / "codes.npy", allow_pickle=False)
        return cls(faiss.read_index(str(folder / "index.faiss")), codes, kind, float(recall))


def _effort(kind: str, size: int) -> Any:
    """Search parameters of HNSW, which follows as many nodes as items are asked for; None for the other kinds."""
    if kind != "hnsw":
        return None
    return faiss.SearchParametersHNSW(efSearch=max(EF_SEARCH, size))  # type: ignore[attr-defined]


def _choose(items: int, device: str) -> str:
    if items <= EXACT_UP_TO:
        return "flat"
    return "hnsw" if items < IVF_FROM and device == "cpu" else "ivf"


def _empty(kind: str, dimension: int, items: int) -> Any:
    if kind == "flat":
        return faiss.IndexFlatIP(dimension)
    if kind == "hnsw":
        graph = faiss.IndexHNSWFlat(dimension, LINKS, faiss.METRIC_INNER_PRODUCT)
        graph.hnsw.efConstruction, graph.hnsw.efSearch = EF_CONSTRUCTION, EF_SEARCH
        return graph
    if kind == "ivf":
        lists = max(1, min(int(4 * items**0.5), items // 39))  # k-means wants 39 vectors a centre
        inverted = faiss.IndexIVFFlat(faiss.IndexFlatIP(dimension), dimension, lists, faiss.METRIC_INNER_PRODUCT)
        inverted.nprobe = min(lists, max(8, lists // 16))
        return inverted
    raise ValueError(f"unknown index kind {kind!r}; choose auto, flat, hnsw or ivf.")


def _on_device(index: Any, device: str) -> Any:
    if device == "cpu":
        return index
    if isinstance(index, faiss.IndexHNSWFlat):
        raise ValueError("Faiss builds no hnsw index on a GPU; choose auto, flat or ivf, or set faiss_device to cpu.")
    if not hasattr(faiss, "StandardGpuResources") or faiss.get_num_gpus() == 0:
        raise RuntimeError(
            "a Faiss index on a GPU was asked for, but this Faiss sees none; install the `gpu` extra on a machine "
            "with one, or set faiss_device to cpu."
        )
    return faiss.index_cpu_to_gpu(faiss.StandardGpuResources(), 0, index)


def _recall(index: Any, vectors: Floats, queries: int = 200, size: int = 100) -> float:
    chosen = np.random.default_rng(0).choice(len(vectors), min(queries, len(vectors)), replace=False)
    size = min(size, len(vectors))
    exact = faiss.IndexFlatIP(vectors.shape[1])
    exact.add(vectors)
    _, wanted = exact.search(vectors[chosen], size)
    _, found = index.search(vectors[chosen], size)
    hits = sum(len(np.intersect1d(w, f)) for w, f in zip(wanted, found, strict=True))
    return hits / (len(chosen) * size)


@kernel(writes=2)
def _products(
    queries: Float32Matrix,
    vectors: Float32Matrix,
    labels: Int64Matrix,
    places: Int64Matrix,
    codes: Int32s,
    found: Int32Matrix,
    products: Float32Matrix,
) -> None:
    """In two sums, of even and of odd columns, which a processor adds up at the same time."""
    dimension = vectors.shape[1]
    for query in range(len(labels)):
        for at in range(labels.shape[1]):
            if labels[query, at] < 0:
                found[query, at], products[query, at] = -1, -np.inf
                continue
            place, even, odd = places[query, at], np.float32(0), np.float32(0)
            for column in range(0, dimension - 1, 2):
                even += queries[query, column] * vectors[place, column]
                odd += queries[query, column + 1] * vectors[place, column + 1]
            if dimension % 2:
                even += queries[query, dimension - 1] * vectors[place, dimension - 1]
            found[query, at], products[query, at] = codes[labels[query, at]], even + odd
