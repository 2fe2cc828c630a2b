"""Prepared arrays to training batches, in an order that depends on seed and epoch alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

Batch = dict[str, npt.NDArray[Any]]
Gathered = tuple[Batch] | tuple[Batch, npt.NDArray[np.float32]]


class ArrayLoader(keras.utils.PyDataset):
    """Batches of rows chosen by index, all of one size.

    The rows are spread evenly over as few batches as `batch_size` allows: of 1,500 rows in batches of 1,024 at most,
    two batches of 750 are made. Fewer rows than there are batches fill none, and wait for another epoch's order.

    Args:
        rows: number of training rows.
        gather: gives the columns, and the labels where there are any, of the rows at these positions
            (int64 `[batch]`).
        batch_size: the most rows of a batch.
        seed: with the epoch it fixes the order.

    Raises:
        ValueError: when there are no rows.
    """

    def __init__(
        self,
        rows: int,
        gather: Callable[[npt.NDArray[np.int64]], Gathered],
        batch_size: int,
        seed: int,
    ) -> None:
        super().__init__()
        if rows == 0:
            raise ValueError("there are no training rows: the days chosen for training hold no positive event.")
        self._rows, self._gather, self._seed, self._epoch = rows, gather, seed, 0
        self._batches = -(-rows // batch_size)
        self.on_epoch_end()

    def __len__(self) -> int:
        return self._batches

    def __getitem__(self, index: int) -> Gathered:
        size = self._rows // self._batches
        return self._gather(self._order[index * size : (index + 1) * size])

    def on_epoch_end(self) -> None:
        """Draws the next epoch's order."""
        self._order = np.random.default_rng((self._seed, self._epoch)).permutation(self._rows)
        self._epoch += 1
