from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ops_gpu.interactions.days.growing_array import GrowingArray
from ops_gpu.primitives.memory_map import memory_map


@pytest.mark.parametrize("dtype", [np.int32, np.float32, np.uint64])
@pytest.mark.parametrize("sizes", [[], [0], [3], [5, 0, 100_000, 1]], ids=["nothing", "empty", "one piece", "pieces"])
def test_pieces_are_read_as_one_array(dtype: type, sizes: list[int], tmp_path: Path) -> None:
    pieces = [np.arange(size).astype(dtype) for size in sizes]
    with GrowingArray(tmp_path / "x.npy", dtype) as array:
        for piece in pieces:
            array.append(piece)
    found = memory_map(tmp_path / "x.npy")
    assert found.dtype == dtype
    np.testing.assert_array_equal(found, np.concatenate([np.zeros(0, dtype), *pieces]))


def test_values_of_other_types_and_steps_are_written_as_values_of_its_own(tmp_path: Path) -> None:
    with GrowingArray(tmp_path / "x.npy", np.int32) as array:
        array.append(np.arange(10, dtype=np.int64)[::2])
    assert memory_map(tmp_path / "x.npy").tolist() == [0, 2, 4, 6, 8]
