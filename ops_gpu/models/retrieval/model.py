"""Fitting, continuing and using the two-tower model."""

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
from ops_gpu.interactions.histories import Histories
from ops_gpu.models.layers.schema_inputs import transfer
from ops_gpu.models.retrieval.two_tower import CANDIDATE, HISTORY, PROBABILITY, Towers, TwoTower, vectors
from ops_gpu.models.retrieval.two_tower_config import RetrievalConfig
from ops_gpu.models.training.loader import Batch, Loader
from ops_gpu.models.training.not_finite import require_finite_weights, why_not_finite
from ops_gpu.models.training.progress import Progress, epoch_lines
from ops_gpu.primitives.finite import require_finite
from ops_gpu.schema.tags import Tags


@dataclass(frozen=True)
class RetrievalModel:
    """A fitted pair of towers.

    Args:
        towers: query and item tower.
        config: the settings that they were built with.
        trained: bool `[items]`, items that were a positive in training; the others enter by their features alone.
        losses: mean training loss of every epoch so far.
    """

    towers: Towers
    config: RetrievalConfig
    trained: npt.NDArray[np.bool_]
    losses: tuple[float, ...]

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

    def _why(self, data: TrainingData, tower: str) -> Callable[[], str]:
        model = getattr(self.towers, tower)
        return lambda: why_not_finite(data, model, f"retrieval.learning_rate (now {self.config.learning_rate})")

    def grown(self, data: TrainingData) -> RetrievalModel:
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
        self.towers.query.save(folder / "query_tower.keras")
        self.towers.item.save(folder / "item_tower.keras")
        np.save(folder / "trained.npy", self.trained, allow_pickle=False)
        np.save(folder / "losses.npy", np.asarray(self.losses), allow_pickle=False)

    @classmethod
    def load(cls, folder: Path, config: RetrievalConfig) -> RetrievalModel:
        """Opens what `save` wrote, in Keras' safe mode.

        Args:
            folder: of the model.
            config: the settings that it was fitted with.
        """
        query, item = (keras.models.load_model(folder / f"{name}_tower.keras") for name in ("query", "item"))
        trained = np.load(folder / "trained.npy", allow_pickle=False)
        losses = np.load(folder / "losses.npy", allow_pickle=False)
        return cls(Towers(query, item), config, trained, tuple(losses.tolist()))


def fit_retrieval(
    data: TrainingData,
    config: RetrievalConfig,
    end: int,
    start: int | None = None,
    previous: RetrievalModel | None = None,
    progress: Progress | None = None,
) -> RetrievalModel:
    """Trains the towers on positive events of `[start, end)`.

    Args:
        data: events and features; nothing at or after `end` is read.
        config: settings.
        end: epoch seconds, exclusive.
        start: epoch seconds; None is the beginning.
        previous: a model to go on from (`continue_epochs`, ids may have been appended); None starts afresh.
        progress: told one line an epoch.

    Returns:
        The model; with no positive event in the range and a `previous` model, that one as it is.

    Raises:
        ValueError: when there is nothing to train on, `previous` was built with other settings, or the loss is no
            number; names the epoch, and the columns that are not finite.
    """
    rows = _positive_rows(data, start, end)
    if previous is not None and len(rows) == 0:
        return previous
    keras.utils.set_random_seed(config.seed)
    towers = Towers.build(data.user_schema, data.item_schema, config)
    if previous is not None:
        transfer(previous.towers.query, towers.query)
        transfer(previous.towers.item, towers.item)
    model = TwoTower(towers, config.temperature)
    model.compile(optimizer=keras.optimizers.Adam(config.learning_rate))
    model.optimizer.build(model.trainable_variables)  # made while tracing, it costs a second trace
    epochs = config.epochs if previous is None else config.continue_epochs
    loader = Loader(len(rows), _gatherer(data, rows, config), config.batch_size, config.seed)
    setting = f"retrieval.learning_rate (now {config.learning_rate})"
    part, why = "the two towers", lambda: why_not_finite(data, model, setting)
    lines = epoch_lines(progress, epochs, part, why)
    history = model.fit(loader, epochs=epochs, shuffle=False, verbose=0, callbacks=lines)
    require_finite_weights(model, part, why)
    trained = np.zeros(data.events.items, np.bool_)
    trained[data.events.item[rows]] = True
    if previous is not None:
        trained[: len(previous.trained)] |= previous.trained
    losses = (*(previous.losses if previous else ()), *map(float, history.history["loss"]))
    return RetrievalModel(towers, config, trained, losses)


def _positive_rows(data: TrainingData, start: int | None, end: int) -> npt.NDArray[np.int64]:
    wanted = data.events.positive & (data.events.time < end)
    return np.flatnonzero(wanted if start is None else wanted & (data.events.time >= start))


def _gatherer(
    data: TrainingData, rows: npt.NDArray[np.int64], config: RetrievalConfig
) -> Callable[[npt.NDArray[np.int64]], tuple[Batch]]:
    user, item = data.events.user[rows], data.events.item[rows]
    share = np.bincount(item, minlength=data.events.items) / max(len(rows), 1)
    probability = share.astype(np.float32)  # what in-batch sampling draws negatives with
    user_id = data.user_schema.first(Tags.USER_ID).name
    item_id = data.item_schema.first(Tags.ITEM_ID).name
    random = np.random.default_rng(config.seed)

    def hide(codes: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
        hidden = random.random(len(codes)) < config.id_dropout
        return np.where(hidden, UNKNOWN_CODE, codes).astype(np.int32)

    def gather(positions: npt.NDArray[np.int64]) -> tuple[Batch]:
        users, items = data.users.take(user[positions]), data.items.take(item[positions])
        users[user_id], items[item_id] = hide(users[user_id]), hide(items[item_id])
        users[HISTORY] = data.history[rows[positions]]
        batch = {f"query_{k}": v for k, v in users.items()} | {f"item_{k}": v for k, v in items.items()}
        batch[PROBABILITY] = probability[item[positions]]
        batch[CANDIDATE] = item[positions].astype(np.int32)
        return (batch,)

    return gather
