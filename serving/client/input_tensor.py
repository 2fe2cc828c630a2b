"""InputTensor: one input of a request, from plain Python values."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from math import isfinite
from typing import Any, NamedTuple, cast

import numpy as np

from serving.request.id_encoding import Array, encode_ids
from serving.request.null_values import null_of
from serving.request.recommendation import Id

_INTEGER, _NUMBER, _BOOLEAN = (int, np.integer), (int, float, np.integer, np.floating), (bool, np.bool_)
_NULLABLE = {"INT64": "int64", "FP32": "float32", "FP64": "float64"}
_KINDS: dict[str, tuple[struct.Struct, tuple[type, ...], str]] = {
    "INT32": (struct.Struct("<i"), _INTEGER, "an integer of 32 bits"),
    "INT64": (struct.Struct("<q"), _INTEGER, "an integer of 64 bits"),
    "FP32": (struct.Struct("<f"), _NUMBER, "a number of 32 bits"),
    "FP64": (struct.Struct("<d"), _NUMBER, "a number"),
    "BOOL": (struct.Struct("<?"), _BOOLEAN, "True or False"),
}


class InputTensor(NamedTuple):
    """An input as it travels: name, Triton's type, shape, and its bytes (little-endian)."""

    name: str
    datatype: str
    shape: tuple[int, ...]
    raw: bytes

    @classmethod
    def of_ids(cls, name: str, ids: Sequence[Id], datatype: str, what: str = "A user id") -> InputTensor:
        """Ids, INT64 `[n, 1]` or zero-padded UTF-8 `[n, 256]`; `what` they are begins the sentence of an error.

        Raises:
            ValueError: for one that cannot be an id of this type.
        """
        return cls.of_array(name, encode_ids(ids, datatype, what), datatype)

    @classmethod
    def of_array(cls, name: str, values: Array, datatype: str) -> InputTensor:
        """An array that is of this type already."""
        return cls(name, datatype, values.shape, values.tobytes())

    @classmethod
    def of_values(cls, name: str, values: Sequence[Any], datatype: str) -> InputTensor:
        """One value a user, `[n, 1]`; strings as zero-padded UTF-8 `[n, 256]`; None where nothing is known.

        Raises:
            ValueError: for a value of another type or one that is too large.
        """
        if datatype == "UINT8":
            for value in values:
                if not isinstance(value, (str, type(None))):
                    raise ValueError(f"{name!r} must be a string, got {value!r}.")
            return cls.of_ids(name, ["" if value is None else value for value in values], datatype, repr(name))
        return cls(name, datatype, (len(values), 1), b"".join(packed(name, value, datatype) for value in values))

    @classmethod
    def of_value(cls, name: str, value: Any, users: int, datatype: str) -> InputTensor:
        """The same value for all users; as `of_values`."""
        if datatype == "UINT8":
            return cls.of_values(name, [value] * users, datatype)
        return cls(name, datatype, (users, 1), packed(name, value, datatype) * users)

    def add_to(self, request: Any) -> None:
        """Adds it to a `ModelInferRequest`."""
        tensor = request.inputs.add()
        tensor.name, tensor.datatype = self.name, self.datatype
        tensor.shape.extend(self.shape)
        request.raw_input_contents.append(self.raw)


def packed(name: str, value: Any, datatype: str) -> bytes:
    """A number or truth value as bytes; None, where nothing is known of a user, as the null of its type.

    Raises:
        ValueError: for one of another type, one out of range, or a type that no request of ours has.
    """
    if datatype not in _KINDS:
        raise ValueError(f"{name!r} is {datatype} in the model's configuration, which this client cannot send.")
    form, types, expected = _KINDS[datatype]
    nothing = value is None and datatype in _NULLABLE
    value = null_of(_NULLABLE[datatype]) if nothing else value
    if isinstance(value, types) and isinstance(value, _BOOLEAN) == (types is _BOOLEAN):
        try:
            if not nothing and not isfinite(cast(float, value)):
                raise ValueError(f"{name!r} must be finite, got {value!r}; None says that nothing is known.")
            return form.pack(value)
        except (struct.error, OverflowError):
            pass  # out of range
    raise ValueError(f"{name!r} must be {expected}, got {value!r}.")
