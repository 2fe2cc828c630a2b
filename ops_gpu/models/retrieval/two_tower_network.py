"""The networks of the two-tower model, which meet in one space, and how they are trained together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
from keras import ops
from keras_rs.layers import SamplingProbabilityCorrection

from ops_gpu.features.training_rows import HISTORY
from ops_gpu.models.layers.masked_mean import MaskedMean
from ops_gpu.models.layers.schema_inputs import SchemaInputs, require_free_names
from ops_gpu.models.losses.in_batch_softmax import without_accidental_hits
from ops_gpu.models.retrieval.two_tower_config import TwoTowerConfig
from ops_gpu.schema.schema import Schema
from ops_gpu.schema.tags import Tags

PROBABILITY = "candidate_probability"  # training input: how often the item is drawn as an in-batch negative
CANDIDATE = "candidate_id"  # training input: the item's code, untouched by id dropout


@dataclass(frozen=True)
class Towers:
    """The two models, sharing the item table between the user's history and the item's own id.

    Args:
        query: user columns and `history` `[batch, length]` to unit vectors `[batch, dimension]`.
        item: item columns to unit vectors `[batch, dimension]`.
    """

    query: keras.Model
    item: keras.Model

    @classmethod
    def build(cls, users: Schema, items: Schema, config: TwoTowerConfig) -> Towers:
        """Builds both towers.

        Args:
            users: engineered columns of users.
            items: engineered columns of items, their id among them.
            config: widths and history length.

        Raises:
            ValueError: when a column has the name of a part of the models.
        """
        require_free_names(users, "users")
        require_free_names(items, "items")
        tables: dict[str, keras.layers.Embedding] = {}
        query = SchemaInputs(users, tables)
        item = SchemaInputs(items, tables)
        history = keras.Input((config.history_length,), dtype="int32", name=HISTORY)
        past = MaskedMean()(item.table(items.first(Tags.ITEM_ID))(history), history)
        user_vector = _tower([*query.categorical, *query.continuous, past], config, "query")
        item_vector = _tower([*item.categorical, *item.continuous], config, "item")
        return cls(
            keras.Model({**query.inputs, HISTORY: history}, user_vector, name="query_tower"),
            keras.Model(item.inputs, item_vector, name="item_tower"),
        )


def _tower(parts: list[Any], config: TwoTowerConfig, name: str) -> Any:
    vector = ops.concatenate(parts, axis=-1)
    for number, width in enumerate(config.hidden):
        vector = keras.layers.Dense(width, activation="relu", name=f"{name}_hidden_{number}")(vector)
    vector = keras.layers.Dense(config.dimension, name=f"{name}_out")(vector)
    return keras.layers.UnitNormalization(name=f"{name}_unit")(vector)


class TwoTowerTrainer(keras.Model):
    """Trains two towers with in-batch sampled softmax.

    The other rows' items are the negatives. Popular items are drawn more often, so their logits are corrected by
    the log of their sampling probability (logQ; Yi et al. 2019), and rows that hold the same item as the positive
    are no negatives (accidental hits).

    Args:
        towers: the models to train.
        temperature: divides the cosine before the softmax.
    """

    def __init__(self, towers: Towers, temperature: float) -> None:
        super().__init__()
        self.query_tower, self.item_tower = towers.query, towers.item
        self._temperature = temperature
        self._correct = SamplingProbabilityCorrection(epsilon=1e-12)  # the default levels what is rarer than 1e-6

    def call(self, inputs: dict[str, Any]) -> Any:
        """Logits of every query against every item of the batch, `[batch, batch]`."""
        query = self.query_tower({name: inputs[f"query_{name}"] for name in self.query_tower.input})
        item = self.item_tower({name: inputs[f"item_{name}"] for name in self.item_tower.input})
        logits = ops.matmul(query, ops.transpose(item)) / self._temperature
        logits = self._correct(logits, inputs[PROBABILITY])
        return without_accidental_hits(logits, inputs[CANDIDATE])

    def compute_loss(
        self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, training: bool = True
    ) -> Any:
        """Softmax cross-entropy of the logits `y_pred`; the positive of row `i` is item `i`."""
        labels = ops.arange(ops.shape(y_pred)[0])
        return ops.mean(keras.losses.sparse_categorical_crossentropy(labels, y_pred, from_logits=True))


def vectors(tower: keras.Model, columns: dict[str, npt.NDArray[Any]], batch: int = 8192) -> npt.NDArray[np.float32]:
    """Unit vectors of all rows.

    Args:
        tower: query or item tower.
        columns: its inputs by name, `[rows, ...]` each; others are passed over.
        batch: rows at once.

    Returns:
        float32 `[rows, dimension]`.
    """
    wanted = {name: columns[name] for name in tower.input}
    rows = len(next(iter(wanted.values())))
    if rows == 0:
        return np.zeros((0, tower.output.shape[-1]), np.float32)
    parts = [
        np.asarray(tower({k: v[start : start + batch] for k, v in wanted.items()})) for start in range(0, rows, batch)
    ]
    return np.concatenate(parts)
