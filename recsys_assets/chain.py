"""The names of a recommender's assets, in an order in which they can be built."""

from __future__ import annotations

CHAIN = (
    "interactions",
    "users",
    "items",
    "statistics",
    "workflow",
    "schema",
    "features",
    "feature_store",
    "retrieval_model",
    "item_embeddings",
    "faiss_index",
    "ranking_model",
    "evaluation",
    "release",
    "deployment",
)
