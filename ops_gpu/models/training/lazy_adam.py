"""LazyAdam: Adam that updates the rows of a table that a batch has looked up, and leaves the others alone."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable("recsys")
class LazyAdam(keras.optimizers.Adam):
    """Adam whose step costs the batch, and not the tables.

    Keras' own moves the moments of every row at every step, looked up or not: of tables with some ten thousand rows
    that is most of a step. Here the moments and the weights of a row move when it is looked up; for one that is looked
    up at every step it is Keras' Adam, which takes the second moment of a row that comes several times in a batch from
    the slopes of the single lookups. With backends that give dense gradients (JAX, PyTorch) it is Adam for every row.

    Args:
        learning_rate: as Keras has it, as all that follows.
        name: of the optimizer.
        keywords: what else Keras' takes.

    Raises:
        ValueError: for `amsgrad`, which keeps a third moment.

    Source: the lazy variant of Adam (Kingma and Ba, 2015), as TensorFlow Addons had it.

    Example:
        >>> optimizer = LazyAdam(learning_rate=2e-3)
        >>> optimizer.name
        'lazy_adam'
    """

    def __init__(self, learning_rate: float = 1e-3, name: str = "lazy_adam", **keywords: Any) -> None:
        super().__init__(learning_rate, name=name, **keywords)
        if self.amsgrad:
            raise ValueError("LazyAdam got amsgrad=True, expected False; take keras.optimizers.Adam for it.")

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """One step of one variable; see `keras.optimizers.Optimizer.update_step`."""
        if keras.backend.backend() != "tensorflow":
            super().update_step(gradient, variable, learning_rate)
            return
        import tensorflow as tf  # type: ignore[import-untyped]

        if not isinstance(gradient, tf.IndexedSlices):  # of a whole variable
            super().update_step(gradient, variable, learning_rate)
            return
        rows, place = tf.unique(gradient.indices)
        slope = tf.math.unsorted_segment_sum(gradient.values, place, tf.size(rows))
        index = self._get_variable_index(variable)
        first, second = self._momentums[index], self._velocities[index]
        step = ops.cast(self.iterations + 1, variable.dtype)
        rate = ops.cast(learning_rate, variable.dtype)
        rate = rate * ops.sqrt(1 - ops.power(self.beta_2, step)) / (1 - ops.power(self.beta_1, step))
        mean = tf.gather(first.value, rows) * self.beta_1 + slope * (1 - self.beta_1)
        squares = tf.math.unsorted_segment_sum(gradient.values * gradient.values, place, tf.size(rows))
        square = tf.gather(second.value, rows) * self.beta_2 + squares * (1 - self.beta_2)
        self.assign(first, tf.IndexedSlices(mean, rows))
        self.assign(second, tf.IndexedSlices(square, rows))
        self.assign_sub(variable, tf.IndexedSlices(rate * mean / (tf.sqrt(square) + self.epsilon), rows))
