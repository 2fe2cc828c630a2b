"""Every registered family with settings that are quick to fit, for the contract tests."""

from __future__ import annotations

from typing import Any

from ops_gpu.models.model_config import RankerConfig, RetrieverConfig
from ops_gpu.models.registry import RANKERS, RETRIEVERS

QUICK: dict[str, dict[str, Any]] = {
    "two_tower": {
        "dimension": 8,
        "hidden": (16,),
        "history_length": 6,
        "epochs": 12,
        "continue_epochs": 6,
        "batch_size": 256,
        "learning_rate": 2e-2,
    },
    "dlrm": {"dimension": 4, "bottom": (16,), "top": (16,), "epochs": 20, "learning_rate": 1e-2, "batch_lists": 16},
}
"""Settings by family; those of a family that is not named here are quick enough as they are."""


def quick_retriever(name: str, **more: Any) -> RetrieverConfig:
    """Settings of a retrieval model."""
    config: RetrieverConfig = RETRIEVERS[name].config_class()(**{**QUICK.get(name, {}), **more})
    return config


def quick_ranker(name: str, **more: Any) -> RankerConfig:
    """Settings of a ranker."""
    config: RankerConfig = RANKERS[name].config_class()(**{**QUICK.get(name, {}), **more})
    return config
