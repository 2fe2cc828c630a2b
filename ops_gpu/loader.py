"""Prepared arrays to training batches, in an order that depends on seed and epoch alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

Batch = dict[str, npt.NDArray[Any]]
Gathered = tuple[Batch] | tuple[Batch, npt.NDArray[np.float32]]


class Loader(keras.utils.PyDataset):  # type: ignore[misc]
    """Batches of rows chosen by index; the last rows that fill no batch wait for another epoch's order.

    Args:
        rows: number of training rows.
        gather: gives the columns, and the labels where there are any, of the rows at these positions
            (int64 `[batch]`).
        batch_size: rows a batch; smaller than that only when there are fewer rows altogether.
        seed: with the epoch it fixes the order.
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
        self._batch_size = min(batch_size, rows)
        self.on_epoch_end()

    def __len__(self) -> int:
        return self._rows // self._batch_size

    def __getitem__(self, index: int) -> Gathered:
        start = index * self._batch_size
        return self._gather(self._order[start : start + self._batch_size])

    def on_epoch_end(self) -> None:
        """Draws the next epoch's order."""
        self._order = np.random.default_rng((self._seed, self._epoch)).permutation(self._rows)
        self._epoch += 1
