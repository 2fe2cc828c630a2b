"""Which families of models a recommender's settings name, and what follows from it for its assets."""

from __future__ import annotations

from ops_gpu.models.registry import RANKERS, RETRIEVERS, ranker_name, retriever_name
from recsys_assets.settings.recommender_settings import RecommenderSettings


def retrieval_names(settings: RecommenderSettings) -> tuple[str, ...]:
    """Names of the retrieval models, in the order of the YAML."""
    return tuple(map(retriever_name, settings.retrieval))


def dense_models(settings: RecommenderSettings) -> tuple[str, ...]:
    """Names of those retrieval models that have vectors, and so an index."""
    return tuple(name for name in retrieval_names(settings) if RETRIEVERS[name].dense)


def retrieval_code(settings: RecommenderSettings) -> list[str]:
    """Modules of the retrieval models."""
    return [RETRIEVERS[name].module for name in retrieval_names(settings)]


def ranking_code(settings: RecommenderSettings) -> str:
    """Module of the ranker."""
    return RANKERS[ranker_name(settings.ranking)].module
