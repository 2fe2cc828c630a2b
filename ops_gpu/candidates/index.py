"""Nearest-neighbour index over item vectors, with Faiss."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import faiss
import numpy as np
import numpy.typing as npt

from ops_gpu.candidates.exact_order import in_order
from ops_gpu.primitives.finite import require_finite
from ops_gpu.primitives.ragged import Ragged
from ops_gpu.primitives.tie_order import tie_order
from ops_gpu.primitives.unique_rows import distinct_rows

EXACT_UP_TO = 20_000  # a flat scan of 20,000 x 64 takes some 0.2 ms: below that nothing is gained by guessing
LINKS, EF_CONSTRUCTION = 16, 200  # of HNSW: 32 and 100 find as much, in a fifth more time and twice the links' memory
EF_SEARCH = 160  # HNSW nodes followed at least: of the nearest 100 among 200,000 x 64, 128 find .952 and 160 .965
ENOUGH, MOST_EF = 0.97, 1_280  # where users lie far from items, 160 find .88 of 50,000 x 32 and 640 .996
IVF_FROM = 1_000_000  # above, HNSW's links cost more memory than the vectors

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class ItemIndex:
    """Finds the items whose vectors have the largest inner product with a query.

    Items of one and the same vector, as cold items of equal features have it, stand in the Faiss index once: HNSW would
    link a group of them to itself alone, and a search that came there would not find out again.

    Args:
        index: a Faiss index of distinct vectors, whose labels are rows of `items`.
        items: int32 item codes, rising within a row.
        kind: "flat", "hnsw" or "ivf".
        recall: share of the exact top 100 that it finds, measured when it was built or tuned (1.0 for flat).
    """

    index: Any
    items: Ragged
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
            ValueError: for an unknown kind, one that the device does not build, when no item is offered, or a vector
                is none of numbers.
            RuntimeError: when a GPU is asked for and this Faiss has none.
        """
        codes = np.flatnonzero(offered).astype(np.int32)
        if len(codes) == 0:
            raise ValueError("no item may be recommended, so there is nothing to index; check `available` of items.")
        require_finite(vectors[codes], "vectors of items", "fit the towers anew: no search finds the way past these")
        equal = distinct_rows(vectors[codes])
        items = equal.with_values(codes[equal.values])
        mine = np.ascontiguousarray(vectors[items.values[items.offsets[:-1]]], np.float32)
        kind = _choose(len(mine), device) if kind == "auto" else kind
        index: Any = _on_device(_empty(kind, mine.shape[1], len(mine)), device)
        index.train(mine)
        index.add(mine)
        index = faiss.index_gpu_to_cpu(index) if device == "gpu" else index
        if kind == "ivf":
            index.make_direct_map()  # vectors can be read back, which `search` does
        made = cls(index, items, kind, 1.0)
        return made if kind == "flat" else replace(made, recall=_recall(made, mine, _some(mine)))

    def tuned(self, queries: Floats) -> ItemIndex:
        """The same index, made to follow as many nodes as it takes to find for queries like these what is nearest.

        The vectors of users lie elsewhere than those of items, and how far differs from fit to fit.

        Args:
            queries: float32 `[queries, dimension]`, of users; without any, and of other kinds than HNSW, it stays.
        """
        if self.kind != "hnsw" or not len(queries) or self._flat is None:
            return self
        found = replace(self, recall=_recall(self, self._flat, queries))
        while found.recall < ENOUGH and self.index.hnsw.efSearch < MOST_EF:
            self.index.hnsw.efSearch *= 2
            found = replace(self, recall=_recall(replace(self), self._flat, queries))
        return found

    def search(self, queries: Floats, size: int) -> tuple[npt.NDArray[np.int32], Floats]:
        """The `size` best items of each query, equally good ones as in `tie_order`; see `in_order`.

        Args:
            queries: float32 `[queries, dimension]`.
            size: items a query.

        Returns:
            Codes int32 `[queries, size]`, -1 where the index holds fewer, and inner products float32.
        """
        queries = np.ascontiguousarray(queries, np.float32)
        labels = self._labels(queries, size)
        vectors, places = (self._flat, labels) if self._flat is not None else self._read(np.maximum(labels, 0))
        return in_order(queries, vectors, labels, places, self._tied)

    def _labels(self, queries: Floats, size: int) -> npt.NDArray[np.int64]:
        """What Faiss finds; by a search through everything where it finds fewer than there are."""
        labels: npt.NDArray[np.int64]
        _, labels = self.index.search(queries, size, params=self._effort(size))
        held = min(size, self.index.ntotal)
        if self.kind != "flat" and held:
            lacking = np.flatnonzero(labels[:, held - 1] < 0)
            if len(lacking):
                labels[lacking, :held] = self._exhaustive(queries[lacking], held)
        return labels

    def _effort(self, size: int) -> Any:
        """Search parameters of HNSW, which follows as many nodes as items are asked for; None for the other kinds."""
        return faiss.SearchParametersHNSW(efSearch=max(self._ef, size)) if self.kind == "hnsw" else None  # type: ignore[attr-defined]

    @cached_property
    def _ef(self) -> int:
        """HNSW nodes followed at least, as when the recall was measured."""
        return int(self.index.hnsw.efSearch)

    def _exhaustive(self, queries: Floats, size: int) -> npt.NDArray[np.int64]:
        """Labels of the best, by a search through all."""
        labels: npt.NDArray[np.int64]
        if self.kind == "ivf":
            everywhere = faiss.SearchParametersIVF(nprobe=self.index.nlist)  # type: ignore[attr-defined, call-arg]
            _, labels = self.index.search(queries, size, params=everywhere)
        else:
            _, labels = faiss.knn(queries, self._flat, size, metric=faiss.METRIC_INNER_PRODUCT)
        return labels

    def _read(self, labels: npt.NDArray[np.int64]) -> tuple[Floats, npt.NDArray[np.int64]]:
        """The vectors of labels, float32 `[labels, dimension]`, and where that of each lies among them."""
        read: Floats = self.index.reconstruct_batch(labels.ravel())
        return read, np.arange(labels.size).reshape(labels.shape)

    @cached_property
    def _tied(self) -> Ragged:
        """The items, those of one vector in the order of equally good ones."""
        if len(self.items.values) == len(self.items):
            return self.items
        order = np.lexsort((tie_order(self.items.values), self.items.row_ids))
        return self.items.with_values(self.items.values[order])

    @cached_property
    def _flat(self) -> Floats | None:
        """The vectors themselves where Faiss keeps them as one array."""
        if self.kind == "ivf":
            return None
        flat: Any = faiss.downcast_index(self.index.storage) if self.kind == "hnsw" else self.index
        stored = faiss.rev_swig_ptr(flat.get_xb(), flat.ntotal * flat.d)  # type: ignore[attr-defined]
        return np.asarray(stored).reshape(flat.ntotal, flat.d)

    def save(self, folder: Path) -> None:
        """Writes the index into a folder, which is made."""
        folder.mkdir(parents=True, exist_ok=True)
        faiss.write_index(self.index, str(folder / "index.faiss"))
        np.save(folder / "codes.npy", self.items.values, allow_pickle=False)
        np.save(folder / "rows.npy", self.items.offsets, allow_pickle=False)
        (folder / "kind.txt").write_text(f"{self.kind} {self.recall!r}\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> ItemIndex:
        """Opens what `save` wrote."""
        kind, recall = (folder / "kind.txt").read_text(encoding="utf-8").split()
        codes, rows = np.load(folder / "codes.npy", allow_pickle=False), folder / "rows.npy"
        # Releases of before have a label an item.
        offsets = np.load(rows, allow_pickle=False) if rows.exists() else np.arange(len(codes) + 1)
        items = Ragged(codes.astype(np.int32), offsets)
        return cls(faiss.read_index(str(folder / "index.faiss")), items, kind, float(recall))


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


def _recall(index: ItemIndex, vectors: Floats, queries: Floats, size: int = 100) -> float:
    """Share of the nearest `size` of all vectors that an index of them finds."""
    size = min(size, len(vectors))
    _, wanted = faiss.knn(queries, vectors, size, metric=faiss.METRIC_INNER_PRODUCT)
    found = index._labels(queries, size)
    hits = sum(len(np.intersect1d(w, f)) for w, f in zip(wanted, found, strict=True))
    return hits / (len(queries) * size)


def _some(vectors: Floats, most: int = 200) -> Floats:
    chosen: Floats = vectors[np.random.default_rng(0).choice(len(vectors), min(most, len(vectors)), replace=False)]
    return chosen
