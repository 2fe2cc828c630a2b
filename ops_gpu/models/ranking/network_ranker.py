"""NetworkRanker: rankers that are Keras networks over the columns of user, item and pair, trained on lists."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import keras
import numpy as np
import numpy.typing as npt

from ops_gpu.features.training_data import TrainingData
from ops_gpu.models.contract import PAIR_COLUMN, Cost, Network, Ranker
from ops_gpu.models.layers.schema_inputs import table_bytes, transfer
from ops_gpu.models.losses.listwise_softmax import PADDING, ListwiseRanker
from ops_gpu.models.ranking.network_ranker_config import NetworkRankerConfig
from ops_gpu.models.training.array_loader import ArrayLoader, Batch
from ops_gpu.models.training.network_fit import network_fit
from ops_gpu.models.training.not_finite import not_finite, why_not_finite
from ops_gpu.models.training.progress import Progress
from ops_gpu.models.training.ranking_rows import RankingRows
from ops_gpu.primitives.finite import require_finite
from ops_gpu.schema.column import ColumnSchema, Domain
from ops_gpu.schema.schema import Schema
from ops_gpu.schema.tags import Tags

FILE = "ranker.keras"
MOST_SCALED = 200_000
NORMALIZATION = "normalization"
"""Name of the layer that scales what is continuous; set from training rows."""


@dataclass(frozen=True)
class NetworkRanker(Ranker):
    """A fitted network; a family says how it is built.

    Args:
        model: inputs by column, a logit a row.
        config: its settings.
        losses: mean training loss of every epoch so far.
    """

    model: keras.Model
    config: Any
    losses: tuple[float, ...]

    @classmethod
    @abstractmethod
    def build(cls, schema: Schema, config: Any) -> keras.Model:
        """The network over the columns of a schema: inputs by column name, one logit a row.

        Args:
            schema: categorical columns with domains, continuous columns, list columns with value counts; at least one
                continuous, all of which pass a layer named `NORMALIZATION`.
            config: widths.
        """

    @classmethod
    @abstractmethod
    def embedding_width(cls, config: Any) -> int:
        """Width of the embeddings of categorical columns."""

    @classmethod
    def fit(
        cls,
        data: TrainingData,
        rows: RankingRows,
        config: NetworkRankerConfig,
        previous: Self | None = None,
        progress: Progress | None = None,
    ) -> Self:
        """Trains the network on lists; see `Ranker.fit`.

        Raises:
            ValueError: when no list holds a positive, or the loss is no number; names the epoch, and the columns that
                are not finite.
        """
        if len(rows.item) == 0:
            raise ValueError(
                "no training list holds an item that its user then chose; use a longer log, more candidates or a "
                "longer ranking.horizon_days."
            )
        pairs = dict(zip(rows.names, rows.features.T, strict=True))
        for name in not_finite(pairs):
            require_finite(pairs[name], f"values of the computed feature {name!r}", "this is a fault of the program")
        keras.utils.set_random_seed(config.seed)
        model = cls.build(cls.input_schema(data, config, rows.names), config)
        if previous is None:
            _adapt(model, cls._continuous(data, rows, config))
        else:
            transfer(previous.model, model)
        losses = network_fit(
            ListwiseRanker(model, config.list_size),
            ArrayLoader(len(rows.lists) - 1, _gatherer(data, rows, config, model), config.batch_lists, config.seed),
            epochs=config.epochs if previous is None else config.continue_epochs,
            learning_rate=config.learning_rate,
            part="the ranker",
            why=lambda: why_not_finite(data, model, _rate(config)),
            progress=progress,
            network=model,
        )
        return cls(model, config, (*(previous.losses if previous else ()), *losses))

    def score(
        self,
        data: TrainingData,
        user: npt.NDArray[np.integer[Any]],
        item: npt.NDArray[np.integer[Any]],
        features: npt.NDArray[np.float32],
        batch: int = 32_768,
    ) -> npt.NDArray[np.float32]:
        """Logits of pairs, `batch` rows at once; see `Ranker.score`.

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
        self.model.save(folder / FILE)
        np.save(folder / "losses.npy", np.asarray(self.losses), allow_pickle=False)

    @classmethod
    def load(cls, folder: Path, config: Any) -> Self:
        """Opens what `save` wrote, in Keras' safe mode."""
        losses = np.load(folder / "losses.npy", allow_pickle=False)
        return cls(keras.models.load_model(folder / FILE), config, tuple(losses.tolist()))

    @classmethod
    def cost(cls, data: TrainingData, rows: RankingRows, config: Any) -> Cost:
        width = cls.embedding_width(config)
        tables = sum(table_bytes(cls.columns(s, config), width) for s in (data.user_schema, data.item_schema))
        scaled = 2 * 4 * min(len(rows.item), MOST_SCALED) * rows.features.shape[1]  # what the normalisation is set from
        return Cost(4 * tables + scaled, tables)  # Adam keeps two moments a weight, beside the gradient

    @classmethod
    def columns(cls, schema: Schema, config: Any) -> Schema:
        """All but the ids, which are features only with `id_embeddings`."""
        return schema if config.id_embeddings else schema.excluding_by_tag([Tags.USER_ID, Tags.ITEM_ID])

    def network(self) -> Network:
        return Network(FILE, tuple(self.model.input), 1)

    @classmethod
    def input_schema(cls, data: TrainingData, config: Any, names: Sequence[str]) -> Schema:
        """Columns of the network: user and item features and the pair features of these names."""
        pair = ColumnSchema(
            PAIR_COLUMN,
            "float32",
            frozenset({Tags.CONTINUOUS, Tags.LIST}),
            is_list=True,
            value_count=Domain(len(names), len(names)),
        )
        return Schema([*cls.columns(data.user_schema + data.item_schema, config), pair])

    @classmethod
    def _continuous(
        cls, data: TrainingData, rows: RankingRows, config: NetworkRankerConfig
    ) -> list[npt.NDArray[np.float32]]:
        """A vector or matrix a continuous input, in schema order, of some rows."""
        chosen = np.random.default_rng(config.seed).permutation(len(rows.item))[:MOST_SCALED]
        columns = rank_columns(data, rows.user[chosen], rows.item[chosen], rows.features[chosen])
        columns |= {name: values[chosen] for name, values in rows.taught.items()}
        schema = cls.input_schema(data, config, rows.names)
        wanted = schema.excluding_by_tag([Tags.CATEGORICAL, Tags.USER_ID, Tags.ITEM_ID])
        return [columns[column.name] for column in wanted]


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


def _adapt(model: keras.Model, continuous: list[npt.NDArray[np.float32]]) -> None:
    columns = [c if c.ndim == 2 else c[:, None] for c in continuous]
    model.get_layer(NORMALIZATION).adapt(np.concatenate(columns, axis=1))


def _rate(config: NetworkRankerConfig) -> str:
    return f"ranking.learning_rate (now {config.learning_rate})"


def _gatherer(
    data: TrainingData, rows: RankingRows, config: NetworkRankerConfig, model: keras.Model
) -> Callable[[npt.NDArray[np.int64]], tuple[Batch, npt.NDArray[np.float32]]]:
    lengths = np.diff(rows.lists)
    place = np.arange(config.list_size)

    def gather(lists: npt.NDArray[np.int64]) -> tuple[Batch, npt.NDArray[np.float32]]:
        filled = place[None, :] >= lengths[lists][:, None]
        at = (rows.lists[lists][:, None] + np.where(filled, 0, place)).ravel()
        columns = rank_columns(data, rows.user[at], rows.item[at], rows.features[at])
        columns |= {name: values[at] for name, values in rows.taught.items()}
        label = np.where(filled.ravel(), PADDING, rows.label[at]).astype(np.float32)
        return {k: _column(columns[k]) for k in model.input}, label

    return gather


def _column(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return values[:, None] if values.ndim == 1 and values.dtype == np.float32 else values
