"""How the models of a release are served, for graphs that tests wire by themselves."""

from __future__ import annotations

from ops_gpu.models.contract import DenseRetriever, Network
from ops_gpu.schema.schema import Schema
from serving.ensemble.ensemble import Ensemble
from serving.ensemble.four_stages import four_stages
from serving.ensemble.four_stages_config import FourStagesConfig, RankerStage, RetrievalStage
from serving.ensemble.release_parts import Parts
from serving.operators.features.query_feast import QueryFeast


def stages_of(parts: Parts, runtime: str = "onnx") -> tuple[list[RetrievalStage], RankerStage]:
    """The stages of the parts of a release."""
    retrieval = [
        RetrievalStage(name, model.network(), model.config.sequence_length, runtime)
        if isinstance(model, DenseRetriever)
        else RetrievalStage(name)
        for name, model in parts.retrievers.items()
    ]
    users, items = (
        parts.ranking.columns(schema, parts.ranking.config)
        for schema in (parts.data.user_schema, parts.data.item_schema)
    )
    return retrieval, RankerStage(parts.ranking.network(), users, items, runtime)


def described_stages(users: Schema, items: Schema) -> tuple[list[RetrievalStage], RankerStage]:
    """Stages that no release has: enough for what is checked when a graph is built."""
    towers = RetrievalStage("two_tower", Network("query_tower.keras", ("user_id", "history"), 8), 5)
    ranker = Network("ranker.keras", (*users.names, *items.names, "ranking_features"), 1)
    return [towers], RankerStage(ranker, users, items)


def shop_ensemble(name: str, config: FourStagesConfig) -> Ensemble:
    """The ensemble of a recommender whose releases and feature store lie in one home.

    Args:
        name: the recommender.
        config: types, sizes and schemas.
    """
    feast = QueryFeast(f"../../../feast/{name}", config.raw_users.to_dict(), config.user_id_dtype, config.item_id_dtype)
    return four_stages(["user_id"] >> feast, config)
