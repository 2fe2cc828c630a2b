from __future__ import annotations

import json

import numpy as np
import pytest

from ops_gpu.primitives.ragged import Ragged
from ops_gpu.schema.column import ColumnSchema, Domain
from ops_gpu.schema.schema import Schema
from serving.request.columns import Columns
from serving.request.null_values import is_null
from serving.request.request import complete, optional

INPUTS = Schema(
    [
        ColumnSchema("user_id", "int64"),
        optional(ColumnSchema("k", "int32", domain=Domain(1, 100)), 10),
    ]
)


def test_what_was_left_out_has_its_default() -> None:
    completed = complete({"user_id": np.array([7, 8])}, INPUTS)
    assert completed["k"].tolist() == [10, 10]  # type: ignore[union-attr]


def test_a_default_of_none_is_a_null_of_the_type() -> None:
    columns = [ColumnSchema(name, name) for name in ("string", "int64", "float32")]
    inputs = Schema([ColumnSchema("user_id", "int64"), *(optional(column, None) for column in columns)])
    assert Schema.from_dict(json.loads(json.dumps(inputs.to_dict()))) == inputs
    found = complete({"user_id": np.array([7, 8])}, inputs)
    assert [found[c.name].dtype.kind for c in columns] == ["S", "i", "f"]  # type: ignore[union-attr]
    assert all(is_null(found[c.name]).all() for c in columns)  # type: ignore[arg-type]
    said = complete({"user_id": np.array([7]), "string": np.array([b"DE"])}, inputs)
    assert not is_null(said["string"]).any()  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="'flag' of bool has no null"):
        complete({"user_id": np.array([7])}, Schema([inputs["user_id"], optional(ColumnSchema("flag", "bool"), None)]))


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
        ({"user_id": np.array([1]), "k": np.array([101], np.int32)}, "between 1 and 100, got 101\\."),
        ({"user_id": np.array([b"1"])}, "must be int64"),
    ],
)
def test_what_is_wrong_is_named(batch: Columns, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        complete(batch, INPUTS)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_numbers_must_be_finite_and_nan_is_a_null_where_there_may_be_one(dtype: str) -> None:
    user, price = ColumnSchema("user_id", "int64"), ColumnSchema("price", dtype)
    nullable, needed = (Schema([user, column]) for column in (optional(price, None), price))
    for bad in (np.inf, -np.inf, np.nan):
        batch: Columns = {"user_id": np.array([7, 8]), "price": np.array([1, bad], dtype)}
        if np.isnan(bad):
            assert is_null(complete(batch, nullable)["price"]).tolist() == [False, True]  # type: ignore[arg-type]
        else:
            with pytest.raises(ValueError, match=r"'price' of a request must be finite, got .*inf.*; leave it out"):
                complete(batch, nullable)
        with pytest.raises(ValueError, match="'price' of a request must be finite"):
            complete(batch, needed)


def test_text_must_be_utf8_of_at_most_256_bytes() -> None:
    inputs = Schema([ColumnSchema("user_id", "string")])
    complete({"user_id": np.array(["ü".encode(), b"a" * 256])}, inputs)
    with pytest.raises(ValueError, match="at most 256 bytes"):
        complete({"user_id": np.array([b"a" * 257])}, inputs)
    with pytest.raises(ValueError, match="must be UTF-8"):
        complete({"user_id": np.array(["ü".encode()[:1], b"ab"])}, inputs)
