"""DLRM: embeddings and a bottom network that interact by dot products, from the schema."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops
from keras_rs.layers import DotInteraction

from ops_gpu.models.layers.schema_inputs import SchemaInputs
from ops_gpu.models.ranking.dlrm_config import DlrmConfig
from ops_gpu.models.ranking.network_ranker import NORMALIZATION, NetworkRanker
from ops_gpu.schema.schema import Schema


class Dlrm(NetworkRanker):
    """Embeddings and a bottom network over what is continuous, which interact by inner products.

    Source: Naumov et al. 2019, "Deep Learning Recommendation Model for Personalization and Recommendation Systems".

    Example:
        >>> ranker = Dlrm.fit(data, rows, DlrmConfig(epochs=1))
        >>> scores = ranker.score(data, rows.user, rows.item, rows.features)
    """

    config: DlrmConfig

    @classmethod
    def build(cls, schema: Schema, config: DlrmConfig) -> keras.Model:
        return build_dlrm(schema, config)

    @classmethod
    def embedding_width(cls, config: DlrmConfig) -> int:
        return config.dimension


def build_dlrm(schema: Schema, config: DlrmConfig) -> keras.Model:
    """A ranker over the columns of `schema`: inputs by column name, one logit a row.

    Args:
        schema: categorical columns with domains, continuous columns, list columns with value counts; at least one
            continuous.
        config: widths.

    Source: Naumov et al. 2019, "Deep Learning Recommendation Model for Personalization and Recommendation Systems".
    """
    parts = SchemaInputs(schema, dimension=config.dimension)
    dense = ops.concatenate(parts.continuous, axis=-1)
    dense = keras.layers.Normalization(name=NORMALIZATION, mean=None)(dense)
    dense = ops.clip(dense, -5.0, 5.0)  # a far outlier must not drown the rest
    hidden = _network(dense, config.bottom, "bottom")
    bottom = keras.layers.Dense(config.dimension, activation="relu", name="bottom_out")(hidden)
    together = [bottom, *parts.categorical]
    crossed = [DotInteraction(name="interaction")(together)] if len(together) > 1 else []
    top = _network(ops.concatenate([hidden, *crossed], axis=-1), config.top, "top")
    return keras.Model(parts.inputs, keras.layers.Dense(1, name="logit")(top), name="ranker")


def _network(value: Any, widths: tuple[int, ...], name: str) -> Any:
    for number, width in enumerate(widths):
        value = keras.layers.Dense(width, activation="relu", name=f"{name}_{number}")(value)
    return value
