"""Asset `faiss_index`: how the items nearest to a vector are found."""

# No `from __future__ import annotations`: Dagster reads the annotations of what it decorates.

from typing import TYPE_CHECKING, Any

import dagster as dg

from ops_gpu.primitives.atomic_directory import atomic_directory
from recsys_assets.assets.models.item_embeddings import MADE_FROM, OFFERED, QUERIES, VECTORS, vectors_hash
from recsys_assets.automation.conditions import RebuildCondition
from recsys_assets.blueprint.blueprint import Blueprint
from recsys_assets.blueprint.json_files import read_json, write_json
from recsys_assets.blueprint.model_families import dense_models
from recsys_assets.blueprint.user_errors import user_errors
from recsys_assets.challenger.fitted.models import challenger_workflow
from recsys_assets.metadata.tables import rounded, table
from recsys_assets.tables.data_version import hash_files
from recsys_assets.tables.tables import items_frame
from resources.compute import ComputeResource

if TYPE_CHECKING:
    from ops_gpu.candidates.index import ItemIndex
    from ops_gpu.recommender.learned_source import Indexed

FILES = (VECTORS, OFFERED, QUERIES)
DESCRIPTION = """Finds the items nearest to a user's vector. Exact search up to 20,000 items, HNSW above, IVF from
a million on; its recall against exact search is measured when it is built, and checked. HNSW is made to look as far as
it takes to find what is nearest to users.
"""


def faiss_index(blueprint: Blueprint, condition: RebuildCondition) -> dg.AssetsDefinition:
    """Defines the asset `faiss_index`."""
    models = dense_models(blueprint.settings)

    @blueprint.asset(
        "faiss_index",
        "models",
        DESCRIPTION,
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
        with atomic_directory(folder) as aside, user_errors(ValueError):
            write_json({"vectors": vectors_hash(blueprint)}, aside / MADE_FROM)
            for name in models:
                place = blueprint.home.item_embeddings(blueprint.name) / name
                vectors, offered, queries = (np.load(place / file, allow_pickle=False) for file in FILES)
                index = ItemIndex.build(vectors, offered, device=device).tuned(queries)
                index.save(aside / name)
                metadata |= {
                    "items": len(index.items.values),
                    f"kind_{name}": index.kind,
                    f"recall_{name}": rounded(index.recall),
                    f"neighbours_{name}": dg.MetadataValue.md(_neighbours(index, vectors, blueprint)),
                }
        return dg.MaterializeResult(metadata=metadata, data_version=dg.DataVersion(hash_files([folder])))

    return build


def indexed(blueprint: Blueprint) -> "dict[str, Indexed]":
    """What the two assets hold of every dense model, by its name.

    Raises:
        ValueError: when they are not of the retrieval models that there are.
    """
    from ops_gpu.candidates.index import ItemIndex
    from ops_gpu.primitives.memory_map import memory_map

    if not dense_models(blueprint.settings):
        return {}
    vectors, index = blueprint.home.item_embeddings(blueprint.name), blueprint.home.faiss_index(blueprint.name)
    if read_json(index / MADE_FROM) != {"vectors": vectors_hash(blueprint)}:
        raise ValueError(
            f"{blueprint.name}/faiss_index finds other vectors than {blueprint.name}/item_embeddings holds, expected "
            f"the same; materialize {blueprint.name}/faiss_index."
        )
    return {
        name: (memory_map(vectors / name / VECTORS), ItemIndex.load(index / name))
        for name in dense_models(blueprint.settings)
    }


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
