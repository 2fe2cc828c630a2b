"""Assets `item_embeddings` and `faiss_index`: where items lie, and how they are found."""

# No `from __future__ import annotations`: Dagster reads the annotations of what it decorates.

from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg

from ops_gpu.primitives.atomic_directory import atomic_directory
from recsys_assets.automation.conditions import RebuildCondition
from recsys_assets.blueprint.blueprint import Blueprint
from recsys_assets.blueprint.model_families import dense_models, retrieval_code
from recsys_assets.blueprint.user_errors import user_errors
from recsys_assets.challenger.fitted.day_ranges import DayRanges
from recsys_assets.challenger.fitted.models import challenger_workflow, retrievers
from recsys_assets.challenger.training.training_data import TRAINING_DATA, training_data
from recsys_assets.metadata.pictures import histogram
from recsys_assets.metadata.tables import rounded, table
from recsys_assets.tables.data_version import hash_files
from recsys_assets.tables.tables import items_frame
from resources.compute import ComputeResource

if TYPE_CHECKING:
    from ops_gpu.candidates.index import ItemIndex
    from ops_gpu.recommender.learned_source import Indexed

EMBEDDINGS = """A vector for every item of the catalogue, by each retrieval model that has them: {models}. An item
without events is placed by its features alone.
"""
INDEX = """Finds the items nearest to a user's vector. Exact search up to 20,000 items, HNSW above, IVF from
a million on; its recall against exact search is measured when it is built, and checked.
"""
VECTORS, OFFERED = "vectors.npy", "offered.npy"


def item_embeddings(blueprint: Blueprint, condition: RebuildCondition) -> dg.AssetsDefinition:
    """Defines the asset `item_embeddings`."""
    models = dense_models(blueprint.settings)

    @blueprint.asset(
        "item_embeddings",
        "models",
        EMBEDDINGS.format(models=", ".join(models)),
        kinds=["keras", "numpy"],
        after=["retrieval_model", *TRAINING_DATA],
        code=retrieval_code(blueprint.settings),
        condition=condition,
    )
    def embed() -> dg.MaterializeResult[Any]:
        import numpy as np

        data, fitted = training_data(blueprint, challenger_workflow(blueprint)), retrievers(blueprint, "model")
        as_of = DayRanges.load(blueprint).ranges.fit_end
        folder, metadata = blueprint.home.item_embeddings(blueprint.name), dict[str, Any]()
        with atomic_directory(folder) as aside:
            for name in models:
                model: Any = fitted[name]
                with user_errors(ValueError):
                    vectors = model.embed_items(data)
                (aside / name).mkdir()
                np.save(aside / name / OFFERED, data.offered(as_of), allow_pickle=False)
                np.save(aside / name / VECTORS, vectors, allow_pickle=False)
                metadata |= {"items": len(vectors) - 3, f"dimension_{name}": vectors.shape[1]}
                metadata[f"similarity_{name}"] = _similarity(vectors)
        return dg.MaterializeResult(metadata=metadata, data_version=dg.DataVersion(hash_files([folder])))

    return embed


def _similarity(vectors: Any) -> dg.MetadataValue[Any]:
    """How alike two random items are."""
    import numpy as np

    pairs = np.random.default_rng(0).integers(3, len(vectors), (2, 5_000))
    similarity = np.einsum("nd,nd->n", vectors[pairs[0]], vectors[pairs[1]])
    return histogram(similarity, "cosine similarity", "pairs", title="Similarity of two random items")


def faiss_index(blueprint: Blueprint, condition: RebuildCondition) -> dg.AssetsDefinition:
    """Defines the asset `faiss_index`."""
    models = dense_models(blueprint.settings)

    @blueprint.asset(
        "faiss_index",
        "models",
        INDEX,
        kinds=["faiss"],
        after=["item_embeddings", "retrieval_model", "items"],
        code=["ops_gpu.candidates.index"],
        condition=condition,
    )
    def build(compute: ComputeResource) -> dg.MaterializeResult[Any]:
        import numpy as np

        from ops_gpu.candidates.index import ItemIndex

        device = "gpu" if compute.faiss_on_gpu() else "cpu"
        folder, metadata = blueprint.home.faiss_index(blueprint.name), dict[str, Any]()
        with atomic_directory(folder) as aside:
            for name in models:
                place = blueprint.home.item_embeddings(blueprint.name) / name
                vectors, offered = (np.load(place / file, allow_pickle=False) for file in (VECTORS, OFFERED))
                with user_errors(ValueError):
                    index = ItemIndex.build(vectors, offered, device=device)
                index.save(aside / name)
                metadata |= {
                    "items": len(index.items.values),
                    f"kind_{name}": index.kind,
                    f"recall_{name}": rounded(index.recall),
                    f"neighbours_{name}": dg.MetadataValue.md(_neighbours(index, vectors, blueprint)),
                }
        return dg.MaterializeResult(metadata=metadata, data_version=_version(folder))

    return build


def indexed(blueprint: Blueprint) -> "dict[str, Indexed]":
    """What the two assets hold of every dense model, by its name."""
    from ops_gpu.candidates.index import ItemIndex
    from ops_gpu.primitives.memory_map import memory_map

    vectors, index = blueprint.home.item_embeddings(blueprint.name), blueprint.home.faiss_index(blueprint.name)
    return {
        name: (memory_map(vectors / name / VECTORS), ItemIndex.load(index / name))
        for name in dense_models(blueprint.settings)
    }


def _version(folder: Path) -> dg.DataVersion:
    return dg.DataVersion(hash_files([folder]))


def _neighbours(index: "ItemIndex", vectors: Any, blueprint: Blueprint, rows: int = 8) -> str:
    """The nearest items of some, by title: sense or nonsense shows at a glance."""
    chosen = index.items.values[:rows]  # codes stand by falling frequency, so these are well known
    found, _ = index.search(vectors[chosen], 6)
    workflow, items = challenger_workflow(blueprint), items_frame(blueprint)
    titles = dict(items.select("item_id", "title").iter_rows())

    def named(codes: Any) -> list[str]:
        values = workflow.invert("item_id", codes).to_list()
        return [str(titles.get(value) or value) for value in values]

    lines = [
        [named([code])[0], named([c for c in near if c not in (code, -1)][:5])]
        for code, near in zip(chosen, found, strict=True)
    ]
    return table(["item", "nearest"], lines)
