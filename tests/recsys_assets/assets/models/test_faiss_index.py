from __future__ import annotations

from pathlib import Path

import pytest

from recsys_assets.assets.models.faiss_index import indexed
from recsys_assets.assets.models.item_embeddings import MADE_FROM, vectors_hash
from recsys_assets.blueprint.blueprint import Blueprint
from recsys_assets.blueprint.json_files import write_json
from recsys_assets.component.locations import blueprints
from recsys_assets.tables.data_version import hash_files
from resources.home import Home


@pytest.fixture
def blueprint(shop: Path, home: Home) -> Blueprint:
    """Notes of what was made from what, as a whole run leaves them."""
    made = blueprints(shop, home)[0]
    write_json("weights", home.retrieval_model("shop") / "weights.json")
    write_json({"models": hash_files([home.retrieval_model("shop")])}, home.item_embeddings("shop") / MADE_FROM)
    write_json({"vectors": vectors_hash(made)}, home.faiss_index("shop") / MADE_FROM)
    return made


def test_vectors_of_other_models_than_there_are_are_refused(blueprint: Blueprint, home: Home) -> None:
    write_json("others", home.retrieval_model("shop") / "weights.json")
    with pytest.raises(ValueError, match=r"of another shop/retrieval_model .* materialize shop/item_embeddings"):
        indexed(blueprint)


def test_an_index_of_other_vectors_than_there_are_is_refused(blueprint: Blueprint, home: Home) -> None:
    write_json([1.0], home.item_embeddings("shop") / "vectors.json")
    with pytest.raises(ValueError, match=r"finds other vectors than .* materialize shop/faiss_index"):
        indexed(blueprint)
    with pytest.raises(FileNotFoundError):  # of one that belongs to them, the files are read
        write_json({"vectors": vectors_hash(blueprint)}, home.faiss_index("shop") / MADE_FROM)
        indexed(blueprint)
