"""What one step of a Triton ensemble hands to the next."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from ops_gpu.primitives.ragged import Ragged
from serving.ensemble.ensemble_plan import Place
from serving.request.columns import Column

Array = npt.NDArray[Any]
PLAIN = re.compile(r"[<>|]([biufcSU]\d{1,9}|[mM]8(\[\w{1,9}\])?)")
"""Types that a column may have, as NumPy writes them."""
ALIGNED = 8
"""Every array begins at a multiple of this many bytes."""


@dataclass(frozen=True)
class ColumnPack:
    """Columns of some users, and the time that was spent on them so far, as one tensor.

    A tensor more costs Triton and its Python backend 0.05 ms, a step of the four stages takes and gives a dozen, and
    lists would need two each; so all that a step gives travels as one: a length, a header in JSON that names types and
    shapes, and plain memory. The tensor's first dimension is 1, whatever the number of users: so Triton's dynamic
    batching joins requests of any sizes.

    Args:
        columns: by the number of the step that gave each, -1 for the request, and its name.
        stage_ms: float32 `[segments, stages]`, milliseconds of each stage in each segment that has run; 0 elsewhere.
    """

    columns: Mapping[Place, Column]
    stage_ms: npt.NDArray[np.float32]

    def __len__(self) -> int:
        """Number of users."""
        return len(next(iter(self.columns.values())))

    def to_tensor(self) -> npt.NDArray[np.uint8]:
        """The pack as bytes, uint8 `[1, size]`."""
        header: list[Any] = [self.stage_ms.shape]
        parts: list[Array] = [self.stage_ms]
        for (step, name), column in self.columns.items():
            lists = isinstance(column, Ragged)
            values = column.values if isinstance(column, Ragged) else column
            header.append((step, name, values.dtype.str, values.shape, len(column) if lists else -1))
            parts += [values, column.offsets] if isinstance(column, Ragged) else [values]
        text = json.dumps(header).encode()
        memory = [len(text).to_bytes(ALIGNED, "little"), text, *(part.tobytes() for part in parts)]
        padded = b"".join([part + bytes(-len(part) % ALIGNED) for part in memory])
        return np.frombuffer(bytearray(padded), np.uint8).reshape(1, -1)

    @classmethod
    def from_tensor(cls, tensor: npt.NDArray[np.uint8]) -> ColumnPack:
        """The pack that `to_tensor` wrote; its columns are read only.

        Raises:
            ValueError: when it holds something else.
        """
        try:
            memory = tensor.tobytes()
            size = int.from_bytes(memory[:ALIGNED], "little")
            times, *columns = json.loads(memory[ALIGNED : ALIGNED + size])
            reader = _Reader(memory, ALIGNED + size)
            spent = reader.array("<f4", times).copy()
            return cls({(step, name): reader.column(*kind) for step, name, *kind in columns}, spent)
        except (ValueError, TypeError, OverflowError) as error:
            raise ValueError(f"This is nothing that a step of an ensemble gives ({error}); ask its model.") from error

    @classmethod
    def merged(cls, packs: Iterable[ColumnPack]) -> ColumnPack:
        """What several steps have given for one batch.

        Raises:
            ValueError: when they speak of different numbers of users.
        """
        packs = list(packs)
        columns = {place: column for pack in packs for place, column in pack.columns.items()}
        if len({len(column) for column in columns.values()}) != 1:
            raise ValueError("The columns that a step was given are of different numbers of users; ask the model.")
        return cls(columns, np.maximum.reduce([pack.stage_ms for pack in packs]))


class _Reader:
    """Takes one array after the other from memory."""

    def __init__(self, memory: bytes, at: int) -> None:
        self._memory, self._at = memory, at

    def array(self, dtype: str, shape: list[int]) -> Array:
        if min(shape, default=0) < 0:  # to numpy, that would be whatever is left
            raise ValueError(f"an array of shape {shape}")
        start = self._at + -self._at % ALIGNED
        if not PLAIN.fullmatch(dtype):  # numpy evaluates what is none of these as text of Python
            raise ValueError(f"{dtype!r} is no type of a column")
        array = np.frombuffer(self._memory, dtype, prod(shape), start).reshape(shape)
        self._at = start + array.nbytes
        return array

    def column(self, dtype: str, shape: list[int], rows: int) -> Column:
        values = self.array(dtype, shape)
        if rows < 0:
            return values
        offsets = self.array("<i8", [rows + 1])
        if (offsets[1:] < offsets[:-1]).any():  # what follows would read outside of the values
            raise ValueError("lists whose ends do not rise")
        return Ragged(values, offsets)
