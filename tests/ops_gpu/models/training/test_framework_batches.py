from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from ops_gpu.models.training.framework_batches import ALIGNMENT, dense, to_jax, to_tensorflow, to_torch
from ops_gpu.primitives.ragged import Ragged


def aligned(size: int, dtype: Any) -> npt.NDArray[Any]:
    """Zeros that begin where frameworks take memory as it is."""
    room = np.zeros(size * np.dtype(dtype).itemsize + ALIGNMENT, np.uint8)
    start = -room.ctypes.data % ALIGNMENT
    return room[start : start + size * np.dtype(dtype).itemsize].view(dtype)


@pytest.fixture
def batch() -> dict[str, npt.NDArray[Any]]:
    codes, numbers = aligned(32, np.int32), aligned(32, np.float32)
    codes[:], numbers[:] = np.arange(32), np.arange(32) / 2
    return {"code": codes, "number": numbers}


def test_lists_become_matrices() -> None:
    lists = Ragged.from_lists([[1, 2, 3], [], [4]], np.int32)
    found = dense({"code": np.arange(3), "list": lists}, {"list": 2})
    assert found["list"].tolist() == [[1, 2], [0, 0], [4, 0]] and found["code"].tolist() == [0, 1, 2]
    with pytest.raises(ValueError, match=r"the list column 'list' has no width"):
        dense({"list": lists}, {})


def test_tensorflow(batch: dict[str, npt.NDArray[Any]]) -> None:
    found = to_tensorflow(batch)
    for name, values in batch.items():
        np.testing.assert_array_equal(found[name].numpy(), values)


def test_jax_takes_the_memory_as_it_is(batch: dict[str, npt.NDArray[Any]]) -> None:
    pytest.importorskip("jax", reason="JAX is not installed (extra `dev`)")
    found = to_jax(batch)
    for name, values in batch.items():
        np.testing.assert_array_equal(np.asarray(found[name]), values)
        assert found[name].unsafe_buffer_pointer() == values.ctypes.data
    fixed = batch["code"].view()
    fixed.flags.writeable = False
    np.testing.assert_array_equal(np.asarray(to_jax({"code": fixed})["code"]), fixed)


def test_torch_takes_the_memory_as_it_is(batch: dict[str, npt.NDArray[Any]]) -> None:
    pytest.importorskip("torch", reason="PyTorch is not installed (extra `pytorch`)")
    lists = Ragged.from_lists([[1, 2, 3], [], [4]], np.int32)
    found = to_torch({**batch, "list": lists})
    for name, values in batch.items():
        assert found[name].data_ptr() == values.ctypes.data
    assert [row.tolist() for row in found["list"].unbind()] == [[1, 2, 3], [], [4]]
