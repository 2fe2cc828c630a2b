from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops_gpu import vocabulary
from ops_gpu.operators import Categorify
from ops_gpu.workflow import Workflow

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
