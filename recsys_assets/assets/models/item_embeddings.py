"""Asset `item_embeddings`: where items lie."""

# No `from __future__ import annotations`: Dagster reads the annotations of what it decorates.

from typing import Any

import dagster as dg

from ops_gpu.primitives.atomic_directory import atomic_directory
from recsys_assets.automation.conditions import RebuildCondition
from recsys_assets.blueprint.blueprint import Blueprint
from recsys_assets.blueprint.json_files import read_json, write_json
from recsys_assets.blueprint.model_families import dense_models, retrieval_code
from recsys_assets.blueprint.user_errors import user_errors
from recsys_assets.challenger.fitted.day_ranges import DayRanges
from recsys_assets.challenger.fitted.models import challenger_workflow, retrievers
from recsys_assets.challenger.training.training_data import TRAINING_CODE, TRAINING_DATA, training_data
from recsys_assets.metadata.pictures import histogram
from recsys_assets.tables.data_version import hash_files

DESCRIPTION = """A vector for every item of the catalogue, by each retrieval model that has them: {models}. An item
without events is placed by its features alone. Beside them those of some users, by which the index is tuned.
"""
VECTORS, OFFERED, QUERIES, MADE_FROM = "vectors.npy", "offered.npy", "queries.npy", "made_from.json"
USERS = 200
"""How many the indexes are tuned by; their checks ask for others."""


def item_embeddings(blueprint: Blueprint, condition: RebuildCondition) -> dg.AssetsDefinition:
    """Defines the asset `item_embeddings`."""
    models = dense_models(blueprint.settings)

    @blueprint.asset(
        "item_embeddings",
        "models",
        DESCRIPTION.format(models=", ".join(models)),
        kinds=["keras", "numpy"],
        after=["retrieval_model", *TRAINING_DATA],
        code=["ops_gpu.evaluation.index_recall", *TRAINING_CODE, *retrieval_code(blueprint.settings)],
        condition=condition,
    )
    def embed() -> dg.MaterializeResult[Any]:
        import numpy as np

        from ops_gpu.evaluation.index_recall import user_vectors

        data, fitted = training_data(blueprint, challenger_workflow(blueprint)), retrievers(blueprint, "model")
        as_of = DayRanges.load(blueprint).ranges.fit_end
        folder, metadata = blueprint.home.item_embeddings(blueprint.name), dict[str, Any]()
        with atomic_directory(folder) as aside:
            write_json({"models": hash_files([blueprint.home.retrieval_model(blueprint.name)])}, aside / MADE_FROM)
            for name in models:
                model: Any = fitted[name]
                with user_errors(ValueError):
                    vectors, queries = model.embed_items(data), user_vectors(data, model, as_of, USERS, seed=1)
                (aside / name).mkdir()
                np.save(aside / name / OFFERED, data.offered(as_of), allow_pickle=False)
                np.save(aside / name / VECTORS, vectors, allow_pickle=False)
                np.save(aside / name / QUERIES, queries, allow_pickle=False)
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


def vectors_hash(blueprint: Blueprint) -> str:
    """Hash of the vectors of items.

    Raises:
        ValueError: when they are of other models than there are.
    """
    name, home = blueprint.name, blueprint.home
    folder = home.item_embeddings(name)
    if read_json(folder / MADE_FROM) != {"models": hash_files([home.retrieval_model(name)])}:
        raise ValueError(
            f"{name}/item_embeddings holds vectors of another {name}/retrieval_model than there is, expected those of "
            f"its items; materialize {name}/item_embeddings and {name}/faiss_index."
        )
    return hash_files([folder])
