"""MaskedMean: the mean vector of a list of codes."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="ops_gpu")
class MaskedMean(keras.layers.Layer):  # type: ignore[misc]
    """The mean of the vectors of each list, of zeros for an empty list.

    It is a layer, and no function, so that what serves a model may compute it in another way.
    """

    def call(self, vectors: Any, codes: Any) -> Any:
        """The means.

        Args:
            vectors: `[batch, length, dim]`.
            codes: `[batch, length]`; places with 0 are padding and do not count.

        Returns:
            `[batch, dim]`.
        """
        mask = ops.expand_dims(ops.cast(ops.not_equal(codes, 0), "float32"), -1)
        return ops.sum(vectors * mask, 1) / ops.maximum(ops.sum(mask, 1), 1.0)
