from __future__ import annotations

import numpy as np
import pytest

from ops_gpu.ragged import Ragged
from ops_gpu.schema import ColumnSchema, Domain, Schema
from serving.operators.base import Columns
from serving.request import complete, optional

INPUTS = Schema(
    [
        ColumnSchema("user_id", "int64"),
        optional(ColumnSchema("k", "int32", domain=Domain(1, 100)), 10),
    ]
)


def test_what_was_left_out_has_its_default() -> None:
    completed = complete({"user_id": np.array([7, 8])}, INPUTS)
    assert completed["k"].tolist() == [10, 10]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("batch", "reason"),
    [
        ({}, "one length of at least 1"),
        ({"k": np.array([1], np.int32)}, "lacks column 'user_id' of int64"),
        ({"user_id": np.array([], np.int64)}, "is empty"),
        ({"user_id": np.array([1]), "kk": np.array([1])}, "has a column 'kk'"),
        ({"user_id": np.array([1]), "k": np.array([1, 2], np.int32)}, "one length"),
        ({"user_id": np.array([1.0])}, "'user_id' of a request must be int64, got float64"),
        ({"user_id": np.array([[1]])}, "one value a user"),
        ({"user_id": Ragged.from_lists([[1]], np.int64)}, "one value a user"),
        ({"user_id": np.array([1]), "k": np.array([101], np.int32)}, "between 1 and 100, got 101 to 101"),
        ({"user_id": np.array([b"1"])}, "must be int64"),
    ],
)
def test_what_is_wrong_is_named(batch: Columns, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        complete(batch, INPUTS)


def test_text_must_be_utf8_of_at_most_256_bytes() -> None:
    inputs = Schema([ColumnSchema("user_id", "string")])
    complete({"user_id": np.array(["ü".encode(), b"a" * 256])}, inputs)
    with pytest.raises(ValueError, match="at most 256 bytes"):
        complete({"user_id": np.array([b"a" * 257])}, inputs)
    with pytest.raises(ValueError, match="must be UTF-8"):
        complete({"user_id": np.array(["ü".encode()[:1], b"ab"])}, inputs)
