from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops_gpu.logs import IdTypes, LogError
from ops_gpu.logs.values.id_values import IdType, canonical_ids
from ops_gpu.logs.values.identifiers import decide


def canonical(values: pl.Series, kind: IdType) -> list[int | str | None]:
    frame = values.alias("x").to_frame()
    return frame.select(canonical_ids("x", frame.schema["x"], kind)).to_series().to_list()


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["17850.0", " 12 ", "007", "-3", "4.5", "x", "", None], [17850, 12, 7, -3, None, None, None, None]),
        ([1.0, 2.5, None, float("nan")], [1, None, None, None]),
        ([1, None], [1, None]),
        ([2**60 + 1, 2**60 + 2], [2**60 + 1, 2**60 + 2]),
        ([str(2**60 + 1)], [2**60 + 1]),
        (["99999999999999999999"], [None]),
    ],
)
def test_integer_ids(values: list[object], expected: list[int | None]) -> None:
    assert canonical(pl.Series(values), "integer") == expected


def test_string_ids() -> None:
    assert canonical(pl.Series(["007", "", None, "é"]), "string") == ["007", None, None, "é"]
    assert canonical(pl.Series([7, None]), "string") == ["7", None]


def test_plain_integers_everywhere_are_integers() -> None:
    assert decide("user", [("a", pl.Series(["1", "20", None])), ("b", pl.Series([3]))]) == "integer"
    assert decide("user", [("a", pl.Series([None, None], dtype=pl.String))]) == "integer"


@pytest.mark.parametrize("text", ["007", "1.0", "+1", " 1", "85123A", "99999999999999999999", "-0"])
def test_one_other_id_anywhere_makes_all_of_them_text(text: str) -> None:
    assert decide("item", [("a", pl.Series(["1", "2"])), ("b", pl.Series(["3", text]))]) == "string"


def test_files_that_contradict_each_other_are_named() -> None:
    with pytest.raises(LogError, match=r"'b\.parquet' holds user ids as integers, but 'a\.csv' holds 'u7'") as raised:
        decide("user", [("a.csv", pl.Series(["1", "u7"])), ("b.parquet", pl.Series([1, 2]))])
    assert "user_id_type: string" in str(raised.value)


def test_types_survive_json() -> None:
    assert IdTypes.from_dict(IdTypes("integer", "string").to_dict()) == IdTypes("integer", "string")
    with pytest.raises(LogError, match="'item' as integer or string, got 'float'"):
        IdTypes.from_dict({"user": "integer", "item": "float"})


@given(st.lists(st.integers(-(2**63) + 1, 2**63 - 1), min_size=1, max_size=20))
def test_integers_written_as_text_come_back(ids: list[int]) -> None:
    texts = pl.Series([str(value) for value in ids])
    assert decide("user", [("a", texts)]) == "integer"
    assert canonical(texts, "integer") == ids
