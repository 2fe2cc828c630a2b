"""Arrays on disk that are longer than memory: written piece by piece, read by `memory_map`."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import numpy.lib.format as npy
import numpy.typing as npt


class GrowingArray:
    """A `.npy` file of one dimension to which pieces are appended; NumPy leaves room for the length in its header.

    Args:
        path: the file.
        dtype: of the values.

    Example:
        >>> with GrowingArray(Path("codes.npy"), np.int32) as codes:
        ...     codes.append(np.arange(3))
        ...     codes.append(np.arange(2))
        >>> np.load("codes.npy", allow_pickle=False).tolist()
        [0, 1, 2, 0, 1]
    """

    def __init__(self, path: Path, dtype: npt.DTypeLike) -> None:
        self._dtype, self._length = np.dtype(dtype), 0
        self._file = path.open("wb")
        self._write_header()

    def append(self, values: npt.NDArray[Any]) -> None:
        """Writes values, `[n]`, behind those that are there."""
        np.ascontiguousarray(values, self._dtype).tofile(self._file)
        self._length += len(values)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._file.seek(0)
        self._write_header()
        self._file.close()

    def _write_header(self) -> None:
        header = {"descr": npy.dtype_to_descr(self._dtype), "fortran_order": False, "shape": (self._length,)}
        npy.write_array_header_1_0(self._file, header)
