"""What a retrieval model and a ranker must do, whatever they are: all that the rest of the program knows of them.

A family is a subclass in a file of its own, with its settings beside it, and a line in `ops_gpu.models.registry`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from ops_gpu.candidates.item_weights import ItemWeights
    from ops_gpu.features.training_data import TrainingData
    from ops_gpu.interactions.histories import Histories
    from ops_gpu.models.training.progress import Progress
    from ops_gpu.models.training.ranking_rows import RankingRows
    from ops_gpu.schema.schema import Schema

Floats = npt.NDArray[np.float32]
PAIR_COLUMN = "ranking_features"
"""Input of a ranker: the matrix that `ops_gpu.features.ranking_features` gives."""


@dataclass(frozen=True)
class Cost:
    """What a model will take, said before it is fitted.

    Args:
        fit_bytes: memory while it is fitted, beside the data.
        model_bytes: of what is kept and served.

    Example:
        >>> Cost(fit_bytes=2**30, model_bytes=2**20).model_bytes
        1048576
    """

    fit_bytes: int
    model_bytes: int


@dataclass(frozen=True)
class Network:
    """A Keras model by which a server computes what the library computes.

    Args:
        file: below the folder that the model was saved to.
        inputs: columns that it reads.
        width: of its output.

    Example:
        >>> Network("query.keras", ("user_id", "history"), width=32).width
        32
    """

    file: str
    inputs: tuple[str, ...]
    width: int


class FittedModel(ABC):
    """What retrieval models and rankers have in common.

    Attributes:
        config: the settings that it was fitted with.
        losses: mean training loss of every epoch so far; none where nothing is learned in epochs.
    """

    config: Any
    losses: tuple[float, ...]

    @abstractmethod
    def save(self, folder: Path) -> None:
        """Writes the model into a folder, which is made, in files that execute nothing when they are read."""

    @classmethod
    @abstractmethod
    def load(cls, folder: Path, config: Any) -> Self:
        """Opens what `save` wrote, with the settings that it was fitted with."""


class Retriever(FittedModel):
    """A fitted model that brings candidates: a `DenseRetriever` or a `SparseRetriever`.

    Example:
        >>> model = ItemKnn.fit(data, ItemKnnConfig(), end)
        >>> isinstance(model, Retriever), model.losses
        (True, ())
    """

    @classmethod
    @abstractmethod
    def fit(
        cls,
        data: TrainingData,
        config: Any,
        end: int,
        start: int | None = None,
        previous: Self | None = None,
        progress: Progress | None = None,
    ) -> Self:
        """Learns from the events before `end`.

        Args:
            data: events and features; nothing at or after `end` is read.
            config: settings of the family.
            end: epoch seconds, exclusive.
            start: epoch seconds from which on events are new to `previous`; None is the beginning.
            previous: a model to go on from, for which ids may have been appended since; None starts afresh.
            progress: told one line a step.

        Raises:
            ValueError: when there is nothing to learn from, or `previous` was built with other settings.
        """

    @abstractmethod
    def grown(self, data: TrainingData) -> Self:
        """The same model for data with more codes, appended since it was fitted."""

    @classmethod
    @abstractmethod
    def cost(cls, data: TrainingData, config: Any) -> Cost:
        """What fitting on this data will take; an estimate from sizes alone."""

    def summary(self) -> Mapping[str, float]:
        """What is worth showing of a fitted model, by name."""
        return {}


class DenseRetriever(Retriever):
    """Finds items whose vectors have the largest inner product with the user's: they get an index, and a server a
    network that computes the vector of who asks.

    Example:
        >>> model = TwoTower.fit(data, TwoTowerConfig(dimension=8, epochs=1), end)
        >>> isinstance(model, DenseRetriever), model.embed_items(data).shape[1]
        (True, 8)
    """

    @abstractmethod
    def embed_items(self, data: TrainingData) -> Floats:
        """Vectors of all items by code, float32 `[items, dimension]`; the special codes get zeros.

        Raises:
            ValueError: when one is no vector of numbers.
        """

    @abstractmethod
    def embed_users(self, data: TrainingData, users: npt.NDArray[np.integer[Any]], histories: Histories) -> Floats:
        """Vectors of users, float32 `[users, dimension]`.

        Args:
            data: features of users.
            users: codes `[users]`.
            histories: their histories, in the same order.
        """

    @abstractmethod
    def network(self) -> Network:
        """What computes the vector of a user online; `HISTORY` holds `config.sequence_length` items."""


class SparseRetriever(Retriever):
    """Finds items to which those of the user's history lead, by a table of weights: no index and no network.

    Example:
        >>> model = ItemKnn.fit(data, ItemKnnConfig(neighbours=5), end)
        >>> isinstance(model, SparseRetriever), model.weights().neighbours.shape[1]
        (True, 5)
    """

    @abstractmethod
    def weights(self) -> ItemWeights:
        """Where every item leads to, and how strongly."""


class Ranker(FittedModel):
    """A fitted model that scores candidates.

    Example:
        >>> model = Dlrm.fit(data, rows, DlrmConfig(epochs=1))
        >>> isinstance(model, Ranker), model.score(data, rows.user, rows.item, rows.features).ndim
        (True, 1)
    """

    @classmethod
    @abstractmethod
    def fit(
        cls,
        data: TrainingData,
        rows: RankingRows,
        config: Any,
        previous: Self | None = None,
        progress: Progress | None = None,
    ) -> Self:
        """Learns from lists of candidates.

        Args:
            data: features of users and items.
            rows: training lists.
            config: settings of the family.
            previous: a ranker to go on from; None starts afresh.
            progress: told one line a step.

        Raises:
            ValueError: when no list holds a positive.
        """

    @abstractmethod
    def score(
        self,
        data: TrainingData,
        user: npt.NDArray[np.integer[Any]],
        item: npt.NDArray[np.integer[Any]],
        features: Floats,
    ) -> Floats:
        """Scores of pairs, float32 `[rows]`; higher is better.

        Args:
            data: features of users and items.
            user: user codes `[rows]`.
            item: item codes `[rows]`.
            features: float32 `[rows, features]`, as `ranking_features` gives them.

        Raises:
            ValueError: when one is no number.
        """

    @classmethod
    @abstractmethod
    def cost(cls, data: TrainingData, rows: RankingRows, config: Any) -> Cost:
        """What fitting on these lists will take, beside them; an estimate from sizes alone."""

    @classmethod
    @abstractmethod
    def columns(cls, schema: Schema, config: Any) -> Schema:
        """Those columns of a schema of users or of items that the ranker reads."""

    @abstractmethod
    def network(self) -> Network:
        """What computes the scores online; `PAIR_COLUMN` is among its inputs."""


Retrievers = Mapping[str, Retriever]
"""The retrieval models of a recommender, by the names of their families."""
