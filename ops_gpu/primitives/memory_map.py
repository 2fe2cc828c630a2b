"""Arrays on disk, read when they are touched."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt


def memory_map(path: Path) -> npt.NDArray[Any]:
    """The array of a `.npy` file, memory-mapped and read-only.

    It is a plain `ndarray`: each index into numpy's own `memmap` costs some microseconds of Python.
    """
    return np.asarray(np.load(path, mmap_mode="r", allow_pickle=False))
