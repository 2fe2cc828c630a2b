"""Vocabulary: values and their codes in numpy, for the request path."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from ops_gpu.primitives.stable_hash import hash_fixed_width, hash_integers

Codes = npt.NDArray[np.int32]

OUT_OF_VOCABULARY = 2
FEW, SMALL = 64, 100_000
"""So few ids are looked up one by one in a dictionary, if that is so small; searching costs ten calls of numpy."""


class Vocabulary:
    """Codes of raw ids and back, by binary search in arrays: microseconds for one id, without Polars.

    Args:
        column: name of the column, for errors.
        values: the values in code order, integers or strings.
        first_code: code of the first one; those from 2 up to it are for values out of the vocabulary.

    Raises:
        ValueError: when the values are neither integers nor strings.
    """

    def __init__(self, column: str, values: pl.Series, first_code: int) -> None:
        if not (values.dtype.is_integer() or values.dtype in (pl.String, pl.Null)):
            raise ValueError(
                f"column {column!r} holds {values.dtype}, and only integers and strings are encoded; "
                "use Workflow.transform."
            )
        self._column = column
        self._first_code = first_code
        array = _as_bytes(values) if values.dtype == pl.String else _as_integers(values)
        self._kinds = {pl.String: "SU", pl.Null: "SUbiu"}.get(values.dtype, "biu")  # type: ignore[call-overload]
        self._values = array
        # A text that ends in a zero byte cannot be told from its padding: it is never asked for.
        asked = np.arange(len(array)) if array.dtype.kind != "S" else _without_zero_end(values)
        order = asked[np.argsort(array[asked], kind="stable")]
        self._asked = asked
        # One entry more, for what sorts behind the last.
        self._sorted = np.concatenate([array[order], np.zeros(1, array.dtype)])
        self._codes = np.concatenate([order + first_code, [OUT_OF_VOCABULARY]]).astype(np.int32)

    def encode(self, values: npt.NDArray[Any]) -> Codes:
        """Codes of raw ids.

        Args:
            values: any shape; integers of any size (booleans are 0 and 1), or strings: fixed-width bytes (dtype `S`,
                UTF-8, zero-padded), or dtype `U`.

        Returns:
            int32 of the same shape; 2 (or a bucket from 2 up) for what is not in the vocabulary.

        Raises:
            TypeError: when the array is of the other kind.
        """
        if values.dtype.kind not in self._kinds:
            expected = "integers: int64" if "S" not in self._kinds else "strings: UTF-8 bytes (dtype S)"
            raise TypeError(f"column {self._column!r} holds {expected}; got an array of {values.dtype}.")
        flat = values.ravel()
        if flat.dtype.kind == "U":
            flat = np.char.encode(flat, "utf-8")
        if flat.size <= FEW and self._code_of is not None:
            listed = [self._code_of.get(value, -1) for value in flat.tolist()]
            codes = np.array(listed, np.int32)
            return (np.where(codes < 0, self._unknown(flat), codes) if -1 in listed else codes).reshape(values.shape)
        if len(self._sorted) == 1:
            return np.broadcast_to(self._unknown(flat), flat.shape).astype(np.int32).reshape(values.shape)
        # Bytes wider than any known id would make numpy copy the vocabulary: cut here, told apart below, as is what
        # another type of integers cannot hold.
        keys = flat.astype(self._sorted.dtype, copy=False)
        found = np.searchsorted(self._sorted[:-1], keys)
        known = self._sorted[found] == flat
        known &= found < len(self._sorted) - 1
        codes = np.where(known, self._codes[found], self._unknown(flat))
        return codes.astype(np.int32, copy=False).reshape(values.shape)

    @cached_property
    def _code_of(self) -> dict[Any, int] | None:
        """Codes by id, for the few values of a request; None for vocabularies that would take much memory so."""
        if len(self._values) > SMALL:
            return None
        return dict(zip(self._values[self._asked].tolist(), (self._asked + self._first_code).tolist(), strict=True))

    def decode(self, codes: npt.NDArray[np.integer[Any]]) -> npt.NDArray[Any]:
        """Raw ids of codes: int64 or bytes (dtype `S`) of the same shape; -1 or empty where there is none.

        Ids beyond int64 make all uint64, with the greatest one where there is none.

        Raises:
            TypeError: when the codes are no integers.
        """
        if codes.dtype.kind not in "iu":
            raise TypeError(f"codes of {self._column!r} are integers; got an array of {codes.dtype}.")
        kind = self._values.dtype.kind
        nothing = {"S": b"", "u": np.iinfo(np.uint64).max}.get(kind, -1)
        missing = np.array(nothing, self._values.dtype)
        if not len(self._values):
            return np.full(codes.shape, missing)
        place = codes.astype(np.int64) - self._first_code
        known = (place >= 0) & (place < len(self._values))
        return np.where(known, self._values[np.where(known, place, 0)], missing)

    def _unknown(self, flat: npt.NDArray[Any]) -> Codes | int:
        buckets = self._first_code - OUT_OF_VOCABULARY
        if buckets == 1:
            return OUT_OF_VOCABULARY
        hashes = hash_fixed_width(flat) if flat.dtype.kind == "S" else hash_integers(flat)
        return (hashes % np.uint64(buckets)).astype(np.int32) + OUT_OF_VOCABULARY


def _as_bytes(values: pl.Series) -> npt.NDArray[np.bytes_]:
    encoded = [value.encode("utf-8") for value in values.to_list()]
    return np.array(encoded, dtype=f"S{max([1, *(len(value) for value in encoded)])}")


def _without_zero_end(values: pl.Series) -> npt.NDArray[np.int64]:
    """Places of the texts that do not end in a zero byte."""
    ends = values.str.ends_with("\0").to_numpy()
    return np.flatnonzero(~ends)


def _as_integers(values: pl.Series) -> npt.NDArray[Any]:
    """int64; uint64 where one of the values is beyond."""
    narrow = values.cast(pl.Int64, strict=False)
    return values.to_numpy() if narrow.null_count() > values.null_count() else narrow.to_numpy()
