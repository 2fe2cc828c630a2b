"""Fitting, continuing and using the ranker."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from ops_gpu.features.ranking_features import feature_names
from ops_gpu.features.training_data import TrainingData
from ops_gpu.models.layers.schema_inputs import transfer
from ops_gpu.models.losses.listwise_softmax import PADDING, ListwiseRanker
from ops_gpu.models.ranking.dlrm import adapt, build_dlrm
from ops_gpu.models.ranking.dlrm_config import RankingConfig
from ops_gpu.models.training.loader import Batch, Loader
from ops_gpu.models.training.not_finite import not_finite, require_finite_weights, why_not_finite
from ops_gpu.models.training.progress import Progress, epoch_lines
from ops_gpu.models.training.ranking_rows import RankingRows
from ops_gpu.primitives.finite import require_finite
from ops_gpu.schema.column import ColumnSchema, Domain
from ops_gpu.schema.schema import Schema
from ops_gpu.schema.tags import Tags

PAIR_COLUMN = "ranking_features"  # the matrix that `ranking_features` gives, as one input


@dataclass(frozen=True)
class RankingModel:
    """A fitted ranker.

    Args:
        model: inputs by column, a logit a row.
        config: its settings.
        losses: mean training loss of every epoch so far.
    """

    model: keras.Model
    config: RankingConfig
    losses: tuple[float, ...]

    def score(
        self,
        data: TrainingData,
        user: npt.NDArray[np.integer[Any]],
        item: npt.NDArray[np.integer[Any]],
        features: npt.NDArray[np.float32],
        batch: int = 32_768,
    ) -> npt.NDArray[np.float32]:
        """Logits of pairs.

        Args:
            data: features of users and items.
            user: user codes `[rows]`.
            item: item codes `[rows]`.
            features: float32 `[rows, features]`, as `ranking_features` gives them.
            batch: rows at once.

        Returns:
            float32 `[rows]`.

        Raises:
            ValueError: when one is no number; says which columns or weights are to blame.
        """
        parts = []
        for start in range(0, len(item), batch):
            rows = slice(start, start + batch)
            columns = rank_columns(data, user[rows], item[rows], features[rows])
            parts.append(np.asarray(self.model({k: _column(columns[k]) for k in self.model.input}))[:, 0])
        scores = np.concatenate(parts) if parts else np.empty(0, np.float32)
        require_finite(scores, "scores of the ranker", lambda: why_not_finite(data, self.model, _rate(self.config)))
        return scores

    def save(self, folder: Path) -> None:
        """Writes the model in Keras' own format into a folder, which is made."""
        folder.mkdir(parents=True, exist_ok=True)
        self.model.save(folder / "ranker.keras")
        np.save(folder / "losses.npy", np.asarray(self.losses), allow_pickle=False)

    @classmethod
    def load(cls, folder: Path, config: RankingConfig) -> RankingModel:
        """Opens what `save` wrote, in Keras' safe mode.

        Args:
            folder: of the model.
            config: the settings that it was fitted with.
        """
        losses = np.load(folder / "losses.npy", allow_pickle=False)
        return cls(keras.models.load_model(folder / "ranker.keras"), config, tuple(losses.tolist()))


def rank_columns(
    data: TrainingData,
    user: npt.NDArray[np.integer[Any]],
    item: npt.NDArray[np.integer[Any]],
    features: npt.NDArray[np.float32],
) -> Batch:
    """All input columns of a ranker.

    Args:
        data: features of users and items.
        user: user codes `[rows]`.
        item: item codes `[rows]`.
        features: float32 `[rows, features]`.
    """
    return data.users.take(user) | data.items.take(item) | {PAIR_COLUMN: features}


def ranking_schema(data: TrainingData, config: RankingConfig, half_lives: int) -> Schema:
    """Columns of the ranker: user and item features and the pair features.

    Args:
        data: schemas of users and items.
        config: says whether the ids are among them.
        half_lives: decays of popularity among the pair features.
    """
    width = len(feature_names(half_lives))
    pair = ColumnSchema(
        PAIR_COLUMN,
        "float32",
        frozenset({Tags.CONTINUOUS, Tags.LIST}),
        is_list=True,
        value_count=Domain(width, width),
    )
    schema = data.user_schema + data.item_schema
    if not config.id_embeddings:
        schema = schema.excluding_by_tag([Tags.USER_ID, Tags.ITEM_ID])
    return Schema([*schema, pair])


def fit_ranking(
    data: TrainingData,
    rows: RankingRows,
    config: RankingConfig,
    half_lives: int,
    previous: RankingModel | None = None,
    progress: Progress | None = None,
) -> RankingModel:
    """Trains the ranker on lists.

    Args:
        data: features of users and items.
        rows: training lists.
        config: settings.
        half_lives: decays of popularity among the pair features.
        previous: a ranker to go on from (`continue_epochs`); None starts afresh.
        progress: told one line an epoch.

    Raises:
        ValueError: when no list holds a positive, or the loss is no number; names the epoch, and the columns that are
            not finite.
    """
    if len(rows.item) == 0:
        raise ValueError(
            "no training list holds an item that its user then chose; use a longer log, more candidates or a "
            "longer ranking.horizon_days."
        )
    pairs = dict(zip(feature_names(half_lives), rows.features.T, strict=True))
    for name in not_finite(pairs):
        require_finite(pairs[name], f"values of the computed feature {name!r}", "this is a fault of the program")
    keras.utils.set_random_seed(config.seed)
    model = build_dlrm(ranking_schema(data, config, half_lives), config)
    if previous is None:
        adapt(model, _continuous(data, rows, config, half_lives))
    else:
        transfer(previous.model, model)
    trainer = ListwiseRanker(model, config.list_size)
    trainer.compile(optimizer=keras.optimizers.Adam(config.learning_rate))
    trainer.optimizer.build(trainer.trainable_variables)  # made while tracing, it costs a second trace
    epochs = config.epochs if previous is None else config.continue_epochs
    loader = Loader(len(rows.lists) - 1, _gatherer(data, rows, config, model), config.batch_lists, config.seed)
    part, why = "the ranker", lambda: why_not_finite(data, model, _rate(config))
    lines = epoch_lines(progress, epochs, part, why)
    history = trainer.fit(loader, epochs=epochs, shuffle=False, verbose=0, callbacks=lines)
    require_finite_weights(model, part, why)
    losses = (*(previous.losses if previous else ()), *map(float, history.history["loss"]))
    return RankingModel(model, config, losses)


def _continuous(
    data: TrainingData, rows: RankingRows, config: RankingConfig, half_lives: int, most: int = 200_000
) -> list[npt.NDArray[np.float32]]:
    chosen = np.random.default_rng(config.seed).permutation(len(rows.item))[:most]
    columns = rank_columns(data, rows.user[chosen], rows.item[chosen], rows.features[chosen])
    schema = ranking_schema(data, config, half_lives).excluding_by_tag([Tags.CATEGORICAL, Tags.USER_ID, Tags.ITEM_ID])
    return [columns[column.name] for column in schema]


def _rate(config: RankingConfig) -> str:
    return f"ranking.learning_rate (now {config.learning_rate})"


def _gatherer(
    data: TrainingData, rows: RankingRows, config: RankingConfig, model: keras.Model
) -> Callable[[npt.NDArray[np.int64]], tuple[Batch, npt.NDArray[np.float32]]]:
    lengths = np.diff(rows.lists)
    place = np.arange(config.list_size)

    def gather(lists: npt.NDArray[np.int64]) -> tuple[Batch, npt.NDArray[np.float32]]:
        filled = place[None, :] >= lengths[lists][:, None]
        at = (rows.lists[lists][:, None] + np.where(filled, 0, place)).ravel()
        columns = rank_columns(data, rows.user[at], rows.item[at], rows.features[at])
        label = np.where(filled.ravel(), PADDING, rows.label[at]).astype(np.float32)
        return {k: _column(columns[k]) for k in model.input}, label

    return gather


def _column(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return values[:, None] if values.ndim == 1 and values.dtype == np.float32 else values
