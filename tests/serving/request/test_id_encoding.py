from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops_gpu.schema.column import ColumnSchema
from serving.request.id_encoding import decode_ids, encode_ids
from serving.triton.tensors.request_tensors import from_wire

TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), min_size=1, max_size=20)


@given(st.lists(TEXTS, min_size=1, max_size=5))
def test_text_ids_survive_the_wire(ids: list[str]) -> None:
    tensor = encode_ids(ids, "UINT8")
    assert tensor.dtype == np.uint8 and tensor.shape == (len(ids), 256)
    column = from_wire(tensor, ColumnSchema("user_id", "string"))
    assert [value.decode() for value in column.tolist()] == ids
    assert column.dtype.itemsize == max(len(i.encode()) for i in ids), "lookups need not be wider than the ids"
    assert decode_ids(tensor[None]) == [ids]


@given(st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=5))
def test_integer_ids_survive_the_wire(ids: list[int]) -> None:
    tensor = encode_ids(ids, "INT64")
    assert from_wire(tensor, ColumnSchema("user_id", "int64")).tolist() == ids
    assert decode_ids(tensor.T) == [ids]


def test_numbers_in_text_are_numbers_where_ids_are_integers() -> None:
    assert encode_ids(["7", 8], "INT64").tolist() == [[7], [8]]
    assert encode_ids([7, "08"], "UINT8").tobytes() == b"7".ljust(256, b"\0") + b"08".ljust(256, b"\0")


@pytest.mark.parametrize("bad", ["seven", 2**63, 7.5, None, ""])
def test_what_is_no_integer_is_named(bad: object) -> None:
    with pytest.raises(ValueError, match=r"user id|integer ids"):
        encode_ids([bad], "INT64")  # type: ignore[list-item]


def test_what_is_no_text_id_is_named() -> None:
    with pytest.raises(ValueError, match="at most 256 bytes, got 300"):
        encode_ids(["x" * 300], "UINT8")
    with pytest.raises(ValueError, match="got None"):
        encode_ids([None], "UINT8")  # type: ignore[list-item]
