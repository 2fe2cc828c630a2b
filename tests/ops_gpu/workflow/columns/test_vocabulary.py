from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops_gpu.operators import Categorify
from ops_gpu.workflow.columns import vocabulary
from ops_gpu.workflow.workflow import Workflow

TEXTS = st.lists(st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=6), max_size=15)
INTEGERS = st.lists(st.one_of(st.integers(-(2**63), 2**63 - 1), st.integers(0, 5)), max_size=15)
BUCKETS = st.sampled_from([None, 4])


@pytest.fixture(autouse=True, params=["one by one", "by search"])
def ways(request: pytest.FixtureRequest) -> Iterator[None]:
    """Few ids are looked up in a dictionary, many by search: with one answer."""
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "by search":
            patch.setattr(vocabulary, "FEW", -1)
        yield


def raw(texts: list[str]) -> np.ndarray:
    return np.array([text.encode() for text in texts], dtype="S60")


@given(TEXTS, TEXTS, BUCKETS)
def test_bytes_are_encoded_as_frames_are(known: list[str], asked: list[str], buckets: int | None) -> None:
    frame = pl.DataFrame({"a": known}, schema={"a": pl.String})
    workflow = Workflow(["a"] >> Categorify(num_buckets=buckets)).fit(frame)
    both = [*asked, *known]
    expected = workflow.transform(pl.DataFrame({"a": both}, schema={"a": pl.String}))["a"].to_numpy()
    found = workflow.encode("a", raw(both))
    assert found.dtype == np.int32
    assert found.tolist() == expected.tolist()
    assert workflow.decode("a", workflow.encode("a", raw(known))).tolist() == raw(known).tolist()


@given(INTEGERS, INTEGERS, BUCKETS)
def test_integers_are_encoded_as_frames_are(known: list[int], asked: list[int], buckets: int | None) -> None:
    frame = pl.DataFrame({"a": known}, schema={"a": pl.Int64})
    workflow = Workflow(["a"] >> Categorify(num_buckets=buckets)).fit(frame)
    both = np.array([*asked, *known], np.int64)
    expected = workflow.transform(pl.DataFrame({"a": both}))["a"].to_list()
    assert workflow.encode("a", both).tolist() == expected
    assert workflow.decode("a", workflow.encode("a", np.array(known, np.int64))).tolist() == known


def test_shapes_stay_and_nothing_has_no_value() -> None:
    workflow = Workflow(["a", "t"] >> Categorify()).fit(pl.DataFrame({"a": [7, 8], "t": ["x", "yy"]}))
    assert workflow.encode("a", np.array([[7, 9], [8, 7]])).tolist() == [[3, 2], [4, 3]]
    codes = np.array([0, 1, 2, 3, 4, 5, -1])
    assert workflow.decode("a", codes).tolist() == [-1, -1, -1, 7, 8, -1, -1]
    assert workflow.decode("t", codes).tolist() == [b"", b"", b"", b"x", b"yy", b"", b""]
    assert workflow.invert("t", codes).to_list() == [None, None, None, "x", "yy", None, None]


def test_a_longer_id_is_another_id() -> None:
    workflow = Workflow(["a"] >> Categorify()).fit(pl.DataFrame({"a": ["ab"]}))
    assert workflow.encode("a", np.array([b"ab", b"abc", b"a"], "S256")).tolist() == [3, 2, 2]


def test_arrays_of_the_other_kind_are_an_error() -> None:
    workflow = Workflow(["a", "t", "f"] >> Categorify()).fit(pl.DataFrame({"a": [7], "t": ["x"], "f": [0.5]}))
    with pytest.raises(TypeError, match="'a' holds integers"):
        workflow.encode("a", np.array([b"7"]))
    with pytest.raises(TypeError, match="'t' holds strings"):
        workflow.encode("t", np.array([7]))
    with pytest.raises(ValueError, match="'f' holds Float64"):
        workflow.encode("f", np.array([0.5]))


def test_a_column_that_was_all_null_knows_no_id() -> None:
    workflow = Workflow(["a"] >> Categorify()).fit(pl.DataFrame({"a": [None]}))
    assert workflow.encode("a", np.array([1, 2])).tolist() == [2, 2]
    assert workflow.encode("a", np.array([b"x"])).tolist() == [2]
    assert workflow.decode("a", np.array([3])).tolist() == [-1]


INTEGER_TYPES = [pl.Int8, pl.Int16, pl.Int32, pl.Int64, pl.UInt8, pl.UInt16, pl.UInt32, pl.UInt64, pl.Boolean]
OTHER_TYPES = [pl.Float32, pl.Float64, pl.Date, pl.Datetime("ms"), pl.Datetime("us")]
NUMBERS = [0, 1, 1, 0, 1, 100]
LARGE = [2**64 - 1, 2**63, 2**63 - 1, 7]


@pytest.mark.parametrize("buckets", [None, 5])
@pytest.mark.parametrize("dtype", INTEGER_TYPES, ids=str)
def test_what_transform_takes_encode_takes(dtype: pl.DataType, buckets: int | None) -> None:
    """Every type of integers was fitted, and every other one is asked for, one by one and together."""
    known = pl.Series("a", [n % 2 if dtype == pl.Boolean else n for n in NUMBERS]).cast(dtype)
    workflow = Workflow(["a"] >> Categorify(num_buckets=buckets)).fit(known.to_frame())
    for asked in INTEGER_TYPES:
        given = pl.Series("a", [0, 1, 0] if asked == pl.Boolean else [0, 1, 100, 99, 2]).cast(asked)
        try:
            expected = workflow.transform(given.to_frame())["a"].to_list()
        except ValueError:
            assert pl.UInt64 in (dtype, asked)  # these are told to be cast; as arrays they are compared by value
            key = pl.UInt64 if dtype == pl.UInt64 else pl.Int64
            expected = workflow.transform(given.cast(key).to_frame())["a"].to_list()
        found = workflow.encode("a", given.to_numpy())
        assert found.dtype == np.int32
        assert found.tolist() == expected
        assert [int(workflow.encode("a", given.to_numpy()[i : i + 1])[0]) for i in range(len(given))] == expected
        back = workflow.transform(known.to_frame())["a"]
        assert workflow.decode("a", back.to_numpy()).tolist() == known.cast(pl.Int64).to_list()
        assert workflow.invert("a", back).to_list() == known.cast(pl.Int64).to_list()


@pytest.mark.parametrize("dtype", OTHER_TYPES, ids=str)
def test_what_cannot_be_encoded_says_so(dtype: pl.DataType) -> None:
    frame = pl.DataFrame({"a": pl.Series([1, 2, 2]).cast(dtype)})
    workflow = Workflow(["a"] >> Categorify()).fit(frame)
    codes = workflow.transform(frame)["a"]
    assert workflow.invert("a", codes).to_list() == frame["a"].to_list()
    with pytest.raises(ValueError, match=r"only integers and strings are encoded; use Workflow\.transform"):
        workflow.encode("a", frame["a"].to_numpy())


@pytest.mark.parametrize("values", [LARGE, LARGE[2:]], ids=["beyond int64", "within int64"])
def test_unsigned_integers_of_64_bits(values: list[int]) -> None:
    frame = pl.DataFrame({"a": values}, {"a": pl.UInt64})
    workflow = Workflow(["a"] >> Categorify(num_buckets=3)).fit(frame)
    asked = np.array([*values, 8, 2**63 + 5], np.uint64)
    expected = workflow.transform(pl.DataFrame({"a": asked}))["a"].to_list()
    assert workflow.encode("a", asked).tolist() == expected
    assert workflow.encode("a", np.array([7, -1, -(2**63)])).tolist()[0] == expected[values.index(7)]
    assert max(workflow.encode("a", np.array([-1, -(2**63)]))) < workflow.first_code("a")
    assert workflow.decode("a", workflow.encode("a", asked[:-2])).tolist() == values
    nothing = workflow.decode("a", np.array([1, 2]))
    assert nothing.tolist() == ([2**64 - 1] * 2 if nothing.dtype == np.uint64 else [-1, -1])


def test_values_beyond_the_type_that_was_fitted_are_unknown() -> None:
    workflow = Workflow(["a"] >> Categorify()).fit(pl.DataFrame({"a": [-1, 5, 2**63 - 1]}))
    assert workflow.encode("a", np.array([2**64 - 1, 2**63, 5], np.uint64)).tolist() == [2, 2, 4]


def test_text_arrays_are_encoded_as_their_bytes() -> None:
    workflow = Workflow(["a"] >> Categorify(num_buckets=3)).fit(pl.DataFrame({"a": ["ü€𝄞", "b", ""]}))
    asked = ["b", "ü€𝄞", "new", ""]
    expected = workflow.transform(pl.DataFrame({"a": asked}))["a"].to_list()
    assert workflow.encode("a", np.array(asked)).tolist() == expected
    assert workflow.encode("a", np.array([asked])).tolist() == [expected]


def test_a_text_that_ends_in_a_zero_byte_stands_for_no_other() -> None:
    """Padding cannot be told from it, so that it cannot be asked for; and `a` stays `a`."""
    workflow = Workflow(["a"] >> Categorify()).fit(pl.DataFrame({"a": ["a\0", "a\0", "\0", "\0", "\0", "a", ""]}))
    expected = workflow.transform(pl.DataFrame({"a": ["a", "", "b"]}))["a"].to_list()
    assert workflow.encode("a", np.array([b"a", b"", b"b"])).tolist() == expected


def test_codes_that_are_no_integers_are_an_error() -> None:
    workflow = Workflow(["a"] >> Categorify()).fit(pl.DataFrame({"a": [7]}))
    for codes in (np.array([3.0]), np.array([True]), np.array(["3"])):
        with pytest.raises(TypeError, match="codes of 'a' are integers; got an array of"):
            workflow.decode("a", codes)
    assert workflow.decode("a", np.array([3, 2**64 - 1], np.uint64)).tolist() == [7, -1]
    assert workflow.invert("a", pl.Series([3, 2**64 - 1], dtype=pl.UInt64)).to_list() == [7, None]
