"""From a schema to Keras inputs and embeddings: adding a feature changes no model code."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from ops_gpu.models.layers.masked_mean import MaskedMean
from ops_gpu.schema.column import ColumnSchema
from ops_gpu.schema.reserved_names import Role, is_reserved
from ops_gpu.schema.schema import Schema
from ops_gpu.schema.tags import Tags

DEFAULT_WIDTH = 16  # of an embedding whose column names none
CHANGED = "the configuration changed: fit from scratch instead of continuing"


@dataclass
class SchemaInputs:
    """Keras inputs of all model columns of a schema, with one embedding table a domain.

    Args:
        schema: engineered columns; categorical ones carry a domain with an upper limit.
        tables: embedding layers by domain name, shared by every column of the domain (filled as needed).
        dimension: width of all embeddings; None takes each column's own `embedding_dim`.
    """

    schema: Schema
    tables: dict[str, keras.layers.Embedding] = field(default_factory=dict)
    dimension: int | None = None

    def __post_init__(self) -> None:
        self.inputs: dict[str, Any] = {column.name: self._input(column) for column in self.schema}

    @property
    def categorical(self) -> list[Any]:
        """One vector `[batch, dim]` a categorical column; lists are averaged over their elements."""
        return [self._embedded(c) for c in self.schema if _is_categorical(c)]

    @property
    def continuous(self) -> list[Any]:
        """One tensor `[batch, width]` a continuous column."""
        return [self.inputs[c.name] for c in self.schema if not _is_categorical(c)]

    def _input(self, column: ColumnSchema) -> Any:
        if _is_categorical(column):
            shape = (_width(column),) if column.is_list else ()
            return keras.Input(shape, dtype="int32", name=column.name)
        return keras.Input((_width(column) if column.is_list else 1,), dtype="float32", name=column.name)

    def _embedded(self, column: ColumnSchema) -> Any:
        value = self.inputs[column.name]
        vectors = self.table(column)(value)
        return MaskedMean()(vectors, value) if column.is_list else vectors

    def table(self, column: ColumnSchema) -> keras.layers.Embedding:
        """The embedding layer of the column's domain."""
        name = (column.domain and column.domain.name) or column.name
        if name not in self.tables:
            width = self.dimension or column.embedding_dim or DEFAULT_WIDTH
            start = keras.initializers.RandomNormal(stddev=0.05)
            self.tables[name] = keras.layers.Embedding(
                column.cardinality, width, embeddings_initializer=start, name=layer_name(f"embedding_{name}")
            )
        return self.tables[name]


def table_bytes(schema: Schema, dimension: int | None = None) -> int:
    """Memory of the embedding tables that `SchemaInputs` makes for a schema.

    Args:
        schema: engineered columns.
        dimension: width of all embeddings; None takes each column's own.
    """
    rows = {(c.domain and c.domain.name) or c.name: c for c in schema if _is_categorical(c)}
    return sum(4 * (c.cardinality or 0) * (dimension or c.embedding_dim or DEFAULT_WIDTH) for c in rows.values())


def require_free_names(schema: Schema, role: Role) -> None:
    """Checks that no column has a name that the models need for themselves.

    Raises:
        ValueError: for the first one that has.
    """
    for name in schema.names:
        if is_reserved(name, role):
            raise ValueError(
                f"the feature graph gives the column {name!r} of {role}, which is the name of a part of the models or "
                f"of a column that is computed; rename it (`Rename`, or in the files)."
            )


def layer_name(name: str) -> str:
    """A name that Keras takes for a layer: letters, digits, `_`, `.` and `-` as they are, other signs by their number.

    Example:
        >>> layer_name("embedding_price (EUR)")
        'embedding_price-20--28-EUR-29-'
    """
    return re.sub(r"[^A-Za-z0-9_.-]", lambda sign: f"-{ord(sign[0]):x}-", name)


def _is_categorical(column: ColumnSchema) -> bool:
    return bool(column.tags & {Tags.CATEGORICAL, Tags.USER_ID, Tags.ITEM_ID})


def _width(column: ColumnSchema) -> int:
    limit = column.value_count
    if limit is None or not limit.max:
        raise ValueError(
            f"list column {column.name!r} has no upper length in its schema; set value_count (ListSlice does)."
        )
    return int(limit.max)


def transfer(source: keras.Model, target: keras.Model) -> None:
    """Copies weights by layer name; an embedding table that has grown keeps its new rows as initialised.

    Args:
        source: a trained model.
        target: a model of the same configuration, possibly with longer embedding tables; it is overwritten.

    Raises:
        ValueError: when the layers or a shape differ otherwise: the configuration changed, so train anew.
    """
    layers: Mapping[str, Any] = {layer.name: layer for layer in source.layers if layer.weights}
    wanted = [layer for layer in target.layers if layer.weights]
    different = sorted(set(layers) ^ {layer.name for layer in wanted})
    if different:
        raise ValueError(
            f"only one of the saved model and the new one has the layers {', '.join(different)}; {CHANGED}."
        )
    for layer in wanted:
        pairs = zip(layer.get_weights(), layers[layer.name].get_weights(), strict=True)
        layer.set_weights([_grown(new, was, layer) for new, was in pairs])
        if isinstance(layer, keras.layers.Normalization):
            layer.finalize_state()  # it computes with constants that only this makes of its weights


def _grown(new: npt.NDArray[Any], was: npt.NDArray[Any], layer: keras.Layer) -> npt.NDArray[Any]:
    if new.shape == was.shape:
        return was
    longer = isinstance(layer, keras.layers.Embedding) and new.shape[1:] == was.shape[1:] and len(new) > len(was)
    if not longer:
        raise ValueError(
            f"layer {layer.name!r} has weights of shape {was.shape} in the saved model and {new.shape} in the new "
            f"one; {CHANGED}."
        )
    return np.concatenate([was, new[len(was) :]])
