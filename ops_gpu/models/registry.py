"""The families of models by name; a family's code is imported only when it is named."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ops_gpu.models.contract import Ranker, Retriever
from ops_gpu.models.model_config import RankerConfig, RetrieverConfig


@dataclass(frozen=True)
class Family:
    """A model that can be named in the YAML.

    Args:
        name: by which it is named; of a retrieval model also that of the candidate source that it is.
        model: `module:Class` of the model, a `Retriever` or a `Ranker`.
        config: `module:Class` of its settings, a dataclass whose module is quick to import.
        dense: whether a retrieval model finds items by vectors, and so has an index.
        title: as people write the name; the name without underscores where none is given.
    """

    name: str
    model: str
    config: str
    dense: bool = False
    title: str = ""

    @property
    def module(self) -> str:
        """Dotted name of the module of the model."""
        return self.model.partition(":")[0]

    def model_class(self) -> Any:
        """Imports the model."""
        return _imported(self.model)

    def config_class(self) -> Any:
        """Imports the settings."""
        return _imported(self.config)


def _by_name(families: Iterable[Family]) -> Mapping[str, Family]:
    return {family.name: family for family in families}


RETRIEVERS = _by_name(
    (
        Family(
            "two_tower",
            "ops_gpu.models.retrieval.two_tower:TwoTower",
            "ops_gpu.models.retrieval.two_tower_config:TwoTowerConfig",
            dense=True,
            title="two-tower",
        ),
        Family(
            "item_knn",
            "ops_gpu.models.retrieval.item_knn:ItemKnn",
            "ops_gpu.models.retrieval.item_knn_config:ItemKnnConfig",
            title="item-kNN",
        ),
    )
)
RANKERS = _by_name(
    (
        Family(
            "dlrm",
            "ops_gpu.models.ranking.dlrm:Dlrm",
            "ops_gpu.models.ranking.dlrm_config:DlrmConfig",
        ),
    )
)
DEFAULT_RETRIEVER, DEFAULT_RANKER = next(iter(RETRIEVERS)), next(iter(RANKERS))


def family(families: Mapping[str, Family], name: str) -> Family:
    """The family of this name.

    Args:
        families: `RETRIEVERS` or `RANKERS`.
        name: as in the YAML.

    Raises:
        ValueError: for a name that is not registered.

    Example:
        >>> family(RETRIEVERS, "item_knn").config_class()().neighbours
        20
    """
    if name not in families:
        raise ValueError(f"model is {name!r}, expected one of {', '.join(families)}.")
    return families[name]


def default_retrieval() -> dict[str, RetrieverConfig]:
    """The retrieval models of a recommender that names none."""
    return {DEFAULT_RETRIEVER: RETRIEVERS[DEFAULT_RETRIEVER].config_class()()}


def default_ranking() -> RankerConfig:
    """The ranker of a recommender that names none."""
    config: RankerConfig = RANKERS[DEFAULT_RANKER].config_class()()
    return config


def retriever_class(name: str) -> type[Retriever]:
    """The retrieval model of this name; ValueError where none is registered."""
    found: type[Retriever] = family(RETRIEVERS, name).model_class()
    return found


def ranker_name(config: RankerConfig) -> str:
    """Name of the family of rankers with these settings."""
    return _name_of(config, RANKERS)


def retriever_name(config: RetrieverConfig) -> str:
    """Name of the family of retrieval models with these settings."""
    return _name_of(config, RETRIEVERS)


def ranker_class(config: RankerConfig) -> type[Ranker]:
    """The ranker with these settings."""
    found: type[Ranker] = RANKERS[ranker_name(config)].model_class()
    return found


def _name_of(config: Any, families: Mapping[str, Family]) -> str:
    path = f"{type(config).__module__}:{type(config).__qualname__}"
    name = next((name for name, family in families.items() if family.config == path), None)
    if name is None:
        raise ValueError(f"{path} are the settings of no registered model; there are {', '.join(families)}.")
    return name


def _imported(path: str) -> Any:
    module, _, name = path.partition(":")
    return getattr(importlib.import_module(module), name)
