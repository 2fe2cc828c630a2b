"""TwoTower: a tower that embeds who asks, and one that embeds items, so that what is near is chosen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from ops_gpu.features.feature_table import UNKNOWN_CODE
from ops_gpu.features.training_data import TrainingData
from ops_gpu.features.training_rows import HISTORY, Columns
from ops_gpu.interactions.histories import Histories
from ops_gpu.models.contract import Cost, DenseRetriever, Network
from ops_gpu.models.layers.schema_inputs import table_bytes, transfer
from ops_gpu.models.retrieval.two_tower_config import TwoTowerConfig
from ops_gpu.models.retrieval.two_tower_network import CANDIDATE, PROBABILITY, Towers, TwoTowerTrainer, vectors
from ops_gpu.models.training.array_loader import Batch
from ops_gpu.models.training.framework_batches import dense
from ops_gpu.models.training.network_fit import network_fit
from ops_gpu.models.training.not_finite import why_not_finite
from ops_gpu.models.training.progress import Progress
from ops_gpu.models.training.streamed_batches import StreamedBatches
from ops_gpu.primitives.finite import require_finite
from ops_gpu.schema.tags import Tags

QUERY, ITEM = "query_tower.keras", "item_tower.keras"


@dataclass(frozen=True)
class TwoTower(DenseRetriever):
    """A fitted pair of towers.

    Args:
        towers: query and item tower.
        config: the settings that they were built with.
        trained: bool `[items]`, items that were a positive in training; the others enter by their features alone.
        losses: mean training loss of every epoch so far.

    Example:
        >>> model = TwoTower.fit(data, TwoTowerConfig(), end)
        >>> vectors = model.embed_items(data)
    """

    towers: Towers
    config: TwoTowerConfig
    trained: npt.NDArray[np.bool_]
    losses: tuple[float, ...]

    @classmethod
    def fit(
        cls,
        data: TrainingData,
        config: TwoTowerConfig,
        end: int,
        start: int | None = None,
        previous: TwoTower | None = None,
        progress: Progress | None = None,
    ) -> TwoTower:
        """Trains the towers on positive events of `[start, end)`; see `Retriever.fit`.

        With no positive event in the range and a `previous` model, that one is given as it is.

        Raises:
            ValueError: when there is nothing to train on, `previous` was built with other settings, or the loss is no
                number; names the epoch, and the columns that are not finite.
        """
        rows = data.rows.between(start, end)
        count = rows.item_counts()
        if previous is not None and not count.any():
            return previous
        keras.utils.set_random_seed(config.seed)
        towers = Towers.build(data.user_schema, data.item_schema, config)
        if previous is not None:
            transfer(previous.towers.query, towers.query)
            transfer(previous.towers.item, towers.item)
        trainer = TwoTowerTrainer(towers, config.temperature)
        losses = network_fit(
            trainer,
            StreamedBatches(rows.batches(config.batch_size, config.seed), _pairs(data, count, config)),
            epochs=config.epochs if previous is None else config.continue_epochs,
            learning_rate=config.learning_rate,
            part="the two towers",
            why=lambda: why_not_finite(data, trainer, _rate(config)),
            progress=progress,
        )
        trained = count > 0
        if previous is not None:
            trained[: len(previous.trained)] |= previous.trained
        return cls(towers, config, trained, (*(previous.losses if previous else ()), *losses))

    def embed_items(self, data: TrainingData) -> npt.NDArray[np.float32]:
        """Unit vectors of all items by code, float32 `[items, dimension]`; the special codes get zeros.

        Raises:
            ValueError: when one is no vector of numbers; says which columns or weights are to blame.
        """
        columns = data.items.take(np.arange(data.items.size))
        id_column = data.item_schema.first(Tags.ITEM_ID).name
        known = np.zeros(data.items.size, np.bool_)
        known[: len(self.trained)] = self.trained
        columns[id_column] = np.where(known, columns[id_column], UNKNOWN_CODE).astype(np.int32)
        result = vectors(self.towers.item, columns)
        result[: UNKNOWN_CODE + 1] = 0
        require_finite(result, "vectors of items, as the item tower gives them,", self._why(data, "item"))
        return result

    def embed_users(
        self, data: TrainingData, users: npt.NDArray[np.integer[Any]], histories: Histories
    ) -> npt.NDArray[np.float32]:
        """Unit vectors of users.

        Args:
            data: features of users.
            users: codes `[users]`.
            histories: their histories, in the same order.

        Returns:
            float32 `[users, dimension]`.

        Raises:
            ValueError: as `embed_items`.
        """
        columns = data.users.take(users) | {HISTORY: histories.recent(self.config.history_length)}
        result = vectors(self.towers.query, columns)
        require_finite(result, "vectors of users, as the query tower gives them,", self._why(data, "query"))
        return result

    def network(self) -> Network:
        return Network(QUERY, tuple(self.towers.query.input), self.config.dimension)

    def summary(self) -> dict[str, float]:
        return {"items_trained": int(self.trained.sum())}

    @classmethod
    def cost(cls, data: TrainingData, config: TwoTowerConfig) -> Cost:
        tables = table_bytes(data.user_schema) + table_bytes(data.item_schema)
        logits = 4 * 4 * config.batch_size**2  # of a batch, with their gradients
        return Cost(4 * tables + logits, tables + table_bytes(data.item_schema))  # Adam keeps two moments a weight

    def _why(self, data: TrainingData, tower: str) -> Callable[[], str]:
        model = getattr(self.towers, tower)
        return lambda: why_not_finite(data, model, _rate(self.config))

    def grown(self, data: TrainingData) -> TwoTower:
        """The same model for data with more codes, appended since it was fitted; their vectors are as initialised.

        Args:
            data: encoded by a workflow that went on from the one that the model was fitted with.

        Raises:
            ValueError: when `data` has other columns.
        """
        keras.utils.set_random_seed(self.config.seed)
        towers = Towers.build(data.user_schema, data.item_schema, self.config)
        transfer(self.towers.query, towers.query)
        transfer(self.towers.item, towers.item)
        return replace(self, towers=towers)

    def save(self, folder: Path) -> None:
        """Writes both towers in Keras' own format and the rest as arrays into a new folder."""
        folder.mkdir(parents=True)
        self.towers.query.save(folder / QUERY)
        self.towers.item.save(folder / ITEM)
        np.save(folder / "trained.npy", self.trained, allow_pickle=False)
        np.save(folder / "losses.npy", np.asarray(self.losses), allow_pickle=False)

    @classmethod
    def load(cls, folder: Path, config: TwoTowerConfig) -> TwoTower:
        """Opens what `save` wrote, in Keras' safe mode.

        Args:
            folder: of the model.
            config: the settings that it was fitted with.
        """
        query, item = (keras.models.load_model(folder / name) for name in (QUERY, ITEM))
        trained = np.load(folder / "trained.npy", allow_pickle=False)
        losses = np.load(folder / "losses.npy", allow_pickle=False)
        return cls(Towers(query, item), config, trained, tuple(losses.tolist()))


def _rate(config: TwoTowerConfig) -> str:
    return f"retrieval.learning_rate (now {config.learning_rate})"


def _pairs(
    data: TrainingData, count: npt.NDArray[np.int64], config: TwoTowerConfig
) -> Callable[[Columns], tuple[Batch]]:
    """Gives what the towers are trained on from the columns of rows, of which there are `count` by item."""
    probability = (count / count.sum()).astype(np.float32)  # what in-batch sampling draws negatives with
    user_id, item_id = data.user_schema.first(Tags.USER_ID).name, data.item_schema.first(Tags.ITEM_ID).name
    widths = {c.name: c.value_count.max for c in (*data.user_schema, *data.item_schema) if c.value_count is not None}
    random = np.random.default_rng(config.seed)

    def hide(codes: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
        hidden = random.random(len(codes)) < config.id_dropout
        return np.where(hidden, UNKNOWN_CODE, codes).astype(np.int32)

    def pairs(rows: Columns) -> tuple[Batch]:
        columns = dense(rows, {**widths, HISTORY: config.history_length})
        columns[HISTORY] = columns[HISTORY][:, : config.history_length]
        item = columns[item_id].astype(np.int32)
        columns |= {user_id: hide(columns[user_id]), item_id: hide(item)}
        batch = {f"query_{name}": columns[name] for name in (*data.user_schema.names, HISTORY)}
        batch |= {f"item_{name}": columns[name] for name in data.item_schema.names}
        return ({**batch, PROBABILITY: probability[item], CANDIDATE: item},)

    return pairs
