from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from ops_gpu.primitives.stable_hash import hash_fixed_width, hash_series, row_hash


def test_hashes_never_change() -> None:
    """Stored codes depend on these: a change here would move every bucket that was ever served."""
    assert hash_series(pl.Series([0, 1, -1])).to_list() == INTEGERS
    assert hash_series(pl.Series(["", "a", "ü€𝄞"])).to_list() == STRINGS
    assert hash_series(pl.Series([0.0, -0.0, 1.5])).to_list() == FLOATS


INTEGERS = [16294208416658607535, 10451216379200822465, 16490336266968443936]
STRINGS = [12035550249420947055, 11235478705182662670, 13931503203261561992]
FLOATS = [16294208416658607535, 16294208416658607535, 15481881892811333770]


def test_null_and_nan_are_one_value() -> None:
    floats = hash_series(pl.Series([None, float("nan")], dtype=pl.Float64)).to_list()
    strings = hash_series(pl.Series([None, "x"], dtype=pl.String)).to_list()
    assert floats[0] == floats[1] == strings[0] == hash_series(pl.Series([None]))[0]


def test_integer_width_does_not_matter() -> None:
    assert hash_series(pl.Series([7], dtype=pl.Int8)).equals(hash_series(pl.Series([7], dtype=pl.UInt32)))


@given(st.lists(st.text(max_size=8), max_size=20))
def test_a_string_hashes_alone_as_in_company(texts: list[str]) -> None:
    together = hash_series(pl.Series(texts, dtype=pl.String)).to_list()
    assert together == [hash_series(pl.Series([text]))[0] for text in texts]


@given(st.lists(st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=8), max_size=20))
def test_bytes_hash_like_strings(texts: list[str]) -> None:
    raw = np.array([text.encode() for text in texts], dtype="S40")
    assert hash_fixed_width(raw).tolist() == hash_series(pl.Series(texts, dtype=pl.String)).to_list()


def test_rows_depend_on_the_order_of_columns() -> None:
    frame = pl.DataFrame({"a": [1, 2], "b": [2, 1]})
    one, other = (hashes(frame, names) for names in (["a", "b"], ["b", "a"]))
    assert one[0] == other[1] != one[1]


def hashes(frame: pl.DataFrame, names: list[str]) -> list[int]:
    types = {name: frame.schema[name] for name in names}
    return frame.select(row_hash(types)).to_series().to_list()


def test_rows_of_any_types_are_told_apart() -> None:
    frame = pl.DataFrame(
        {
            "int": [None, 0, 2**63 - 1, -(2**63)],
            "big": pl.Series([None, 0, 2**64 - 1, 1], dtype=pl.UInt64),
            "text": [None, "", "a", "b"],
            "float": [None, 0.0, float("nan"), 1.5],
            "flag": [None, True, False, False],
            "day": [None, date(2026, 1, 1), date(2026, 1, 2), date(1960, 1, 1)],
        }
    )
    for name in frame.columns:
        expected = 3 if name in ("float", "flag") else 4  # NaN is null, and two flags are alike
        assert len(set(hashes(frame, [name]))) == expected
    assert len(set(hashes(frame, frame.columns))) == 4
    assert hashes(frame[1:2], frame.columns)[0] == hashes(frame, frame.columns)[1]


def test_buckets_are_even() -> None:
    for values in (pl.Series(range(20_000)), pl.Series([f"item-{i}" for i in range(20_000)])):
        counts = (hash_series(values) % 16).value_counts()["count"]
        assert counts.min() > 1100
        assert counts.max() < 1400
