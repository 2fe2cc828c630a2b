"""Batches as tensors of TensorFlow, JAX and PyTorch, over the same memory where the framework allows it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from ops_gpu.models.training.row_groups import Values
from ops_gpu.primitives.ragged import Ragged

ALIGNMENT = 64
"""Bytes at whose multiples TensorFlow and JAX take memory as it is."""


def dense(batch: Mapping[str, Values], widths: Mapping[str, int]) -> dict[str, npt.NDArray[Any]]:
    """Lists as matrices, padded with 0 on the right; longer ones are cut.

    Args:
        batch: columns.
        widths: columns of the matrix, by the name of every list column.

    Raises:
        ValueError: when a list column has no width.
    """
    lists = [name for name, values in batch.items() if isinstance(values, Ragged)]
    if missing := sorted(set(lists) - set(widths)):
        raise ValueError(f"the list column {missing[0]!r} has no width, expected one for each of {lists}; give it one.")
    return {n: v.to_dense(widths[n], 0) if isinstance(v, Ragged) else v for n, v in batch.items()}


def to_torch(batch: Mapping[str, Values]) -> dict[str, Any]:
    """Tensors of PyTorch over the same memory; of a list column, which is a jagged nested tensor, too.

    Raises:
        ImportError: where PyTorch is not installed.
    """
    import torch  # type: ignore[import-not-found,unused-ignore]

    return {
        name: torch.nested.nested_tensor_from_jagged(torch.from_numpy(v.values), torch.from_numpy(v.offsets))
        if isinstance(v, Ragged)
        else torch.from_numpy(v)
        for name, v in batch.items()
    }


def to_jax(batch: Mapping[str, npt.NDArray[Any]]) -> dict[str, Any]:
    """Arrays of JAX, over the same memory where it is aligned; whole numbers of 64 bits only where JAX has them.

    Raises:
        ImportError: where JAX is not installed.
    """
    import jax

    return {name: jax.dlpack.from_dlpack(_writable(values)) for name, values in batch.items()}


def to_tensorflow(batch: Mapping[str, npt.NDArray[Any]]) -> dict[str, Any]:
    """Tensors of TensorFlow, over the same memory where it is aligned."""
    import tensorflow as tf  # type: ignore[import-untyped]

    return {name: tf.convert_to_tensor(values) for name, values in batch.items()}


def _writable(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The array itself, or a copy of one that may only be read: DLPack cannot say that of memory."""
    return values if values.flags.writeable else np.array(values)
