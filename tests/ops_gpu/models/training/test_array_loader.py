from __future__ import annotations

from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from ops_gpu.models.training.array_loader import ArrayLoader, Gathered


def gather(positions: npt.NDArray[np.int64]) -> Gathered:
    return {"row": positions}, positions.astype(np.float32) / 2


def epoch(loader: ArrayLoader) -> list[list[int]]:
    return [loader[number][0]["row"].tolist() for number in range(len(loader))]


@pytest.mark.parametrize(
    ("rows", "batch", "sizes"),
    [(10, 5, [5, 5]), (10, 4, [3, 3, 3]), (1500, 1024, [750, 750]), (3, 8, [3]), (1, 1, [1]), (7, 1, [1] * 7)],
)
def test_rows_are_spread_evenly(rows: int, batch: int, sizes: list[int]) -> None:
    found = epoch(ArrayLoader(rows, gather, batch, 0))
    assert [len(rows) for rows in found] == sizes
    every = list(chain(*found))
    assert len(set(every)) == len(every) and set(every) <= set(range(rows))


def test_every_epoch_has_an_order_of_its_own_and_seeds_repeat_it() -> None:
    orders: list[Any] = []
    for seed in (0, 0, 1):
        loader = ArrayLoader(20, gather, 5, seed)
        first = epoch(loader)
        loader.on_epoch_end()
        orders.append((first, epoch(loader)))
    assert orders[0] == orders[1] != orders[2]
    assert orders[0][0] != orders[0][1]
    assert sorted(chain(*orders[0][1])) == list(range(20))


def test_what_fills_no_batch_comes_in_another_epoch() -> None:
    loader = ArrayLoader(10, gather, 4, 0)
    seen: set[int] = set()
    for _ in range(8):
        seen |= set(chain(*epoch(loader)))
        loader.on_epoch_end()
    assert seen == set(range(10))


def test_columns_and_labels_belong_together() -> None:
    columns, labels = ArrayLoader(9, gather, 3, 0)[1]  # type: ignore[misc]
    np.testing.assert_array_equal(labels, columns["row"] / 2)


def test_no_rows() -> None:
    with pytest.raises(ValueError, match=r"no training rows: the days chosen for training hold no positive event"):
        ArrayLoader(0, gather, 4, 0)
