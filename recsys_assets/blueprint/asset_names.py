"""The names of a recommender's assets, in an order in which they can be built."""

from __future__ import annotations

CHAIN = (
    "interactions",
    "users",
    "items",
    "statistics",
    "item_state",
    "workflow",
    "schema",
    "features",
    "feature_store",
    "retrieval_model",
    "item_embeddings",
    "faiss_index",
    "training_lists",
    "ranking_model",
    "evaluation",
    "release",
    "deployment",
)
INDEXED = ("item_embeddings", "faiss_index")
"""Assets that there are where a retrieval model has vectors."""
RAW = {"interactions": "raw_interactions", "users": "raw_users", "items": "raw_items"}
"""External assets by what is read from them: the files that somebody else writes."""
VERSION_TAG = "dagster/data_version"
SERVED = "served_requests"
"""The asset below the chain: made of what the live release logs, when a day is over and not when one is deployed."""
