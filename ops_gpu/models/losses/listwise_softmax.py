"""The softmax over the candidates of a list."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

PADDING = -1.0  # label of a row that only fills its list up


class ListwiseRanker(keras.Model):
    """Trains a ranker on lists by softmax cross-entropy: each list's positives share its probability.

    Every list weighs the same, however many candidates or positives it has, as the metrics do.

    Args:
        ranker: gives one logit a row.
        list_size: rows a list; row `i` of a batch belongs to list `i // list_size`.

    Source: ListNet's top-one likelihood (Cao et al. 2007) with binary relevance.
    """

    def __init__(self, ranker: keras.Model, list_size: int) -> None:
        super().__init__()
        self.ranker, self._list_size = ranker, list_size

    def call(self, inputs: dict[str, Any]) -> Any:
        """Logits `[rows, 1]`."""
        return self.ranker(inputs)

    def compute_loss(
        self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, training: bool = True
    ) -> Any:
        """Mean over lists of the cross-entropy between the positives `y` and the softmax of the logits `y_pred`."""
        label = ops.reshape(ops.cast(y, "float32"), (-1, self._list_size))
        filled = ops.cast(ops.equal(label, PADDING), "float32")
        logit = ops.reshape(y_pred, (-1, self._list_size)) - 1e9 * filled
        positive = ops.maximum(label, 0.0)
        share = positive / ops.maximum(ops.sum(positive, -1, keepdims=True), 1.0)
        return -ops.mean(ops.sum(share * ops.log_softmax(logit) * (1 - filled), -1))
