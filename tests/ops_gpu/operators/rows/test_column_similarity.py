"""ColumnSimilarity: how alike the rows of two matrices are."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy.sparse import csr_array, csr_matrix

from ops_gpu.operators import ColumnSimilarity
from ops_gpu.workflow.workflow import Workflow

MATRIX = np.array([[1.0, 2, 0], [0, 3, 0], [0, 0, 0], [2, 4, 0]])
FRAME = pl.DataFrame({"a": [0, 0, 0, 1, 2], "b": [0, 1, 3, 3, 2]})


def similar(frame: pl.DataFrame, *args: Any, **kwargs: Any) -> list[float]:
    node = [["a", "b"]] >> ColumnSimilarity(*args, **kwargs)
    return Workflow(node).fit(frame).transform(frame)["a_b_sim"].to_list()


def test_metrics() -> None:
    assert similar(FRAME, csr_array(MATRIX), metric="inner") == [5, 6, 10, 12, 0]
    half = 2 / math.sqrt(5)
    assert similar(FRAME, csr_matrix(MATRIX), metric="cosine") == pytest.approx([1, half, 1, half, 0])
    weighted = MATRIX * (np.log(5 / (1 + np.array([2, 3, 0]))) + 1)
    norms = np.linalg.norm(weighted, axis=1)
    expected = (weighted[0] @ weighted[1]) / (norms[0] * norms[1])
    assert similar(FRAME, MATRIX) == pytest.approx([1, expected, 1, expected, 0])


def test_the_right_side_may_be_another_matrix() -> None:
    right = np.array([[1.0, 0, 5]])
    assert similar(FRAME, MATRIX, right, metric="inner") == [1, 0, 0, 0, 0]
    with pytest.raises(ValueError, match=r"shapes \(4, 3\) and \(1, 2\); both need the same features"):
        ColumnSimilarity(MATRIX, right[:, :2])


def test_rows_that_are_not_there_are_like_nothing() -> None:
    frame = pl.DataFrame({"a": [0, -1, None, 4, 2**63 - 1], "b": [9, 0, 0, 0, 0]})
    assert similar(frame, MATRIX, metric="inner") == [0] * 5
    large = pl.DataFrame({"a": [2**64 - 1, 0], "b": [0, 0]}, schema={"a": pl.UInt64, "b": pl.UInt8})
    assert similar(large, MATRIX, metric="inner") == [0, 5]


def test_the_matrices_are_saved_and_stay_as_they_are(tmp_path: Path) -> None:
    matrix = csr_array((np.array([1.0, 1.0, 0.0]), np.array([1, 1, 0]), np.array([0, 3])), shape=(1, 2))
    before = matrix.copy()
    workflow = Workflow([["a", "b"]] >> ColumnSimilarity(matrix, metric="inner")).fit(FRAME)
    assert (matrix.data == before.data).all()
    assert workflow.transform(FRAME)["a_b_sim"][0] == 4  # entries of one place add up
    workflow.save(tmp_path / "workflow")
    loaded = Workflow.load(tmp_path / "workflow")
    assert loaded.transform(FRAME).equals(workflow.transform(FRAME))
    with pytest.raises(ValueError, match="has no matrix; give left_features"):
        loaded.fit(FRAME)


def test_hashes_tell_matrices_apart() -> None:
    wider = csr_array((np.ones(1), ([0], [0])), shape=(1, 3))
    narrow = csr_array((np.ones(1), ([0], [0])), shape=(1, 2))
    assert len({ColumnSimilarity(m).table for m in (wider, narrow, wider * 2)}) == 3


def test_errors() -> None:
    with pytest.raises(ValueError, match="metric 'dot'; choose from tfidf, cosine, inner"):
        ColumnSimilarity(MATRIX, metric="dot")
    with pytest.raises(ValueError, match="matrix of finite numbers"):
        ColumnSimilarity(MATRIX * math.nan)
    with pytest.raises(ValueError, match="takes pairs of columns, got a, b, c"):
        ["a", "b", "c"] >> ColumnSimilarity(MATRIX)
    with pytest.raises(ValueError, match="takes row numbers, and column 'a' is of type Float64"):
        similar(FRAME.cast(pl.Float64), MATRIX)


@pytest.mark.parametrize("factor", [1e-300, 1e-160, 1e160, 1e300])
def test_a_cosine_does_not_depend_on_how_large_numbers_are(factor: float) -> None:
    features = np.array([[1.0, 2.0, 0.0], [2.0, 1.0, 0.5], [0.0, 0.0, 3.0]])
    pairs = pl.DataFrame({"a": [0, 0, 0, 1], "b": [0, 1, 2, 2]})
    small, plain = (
        Workflow([["a", "b"]] >> ColumnSimilarity(matrix, metric="cosine")).fit(pairs).transform(pairs)["a_b_sim"]
        for matrix in (features * factor, features)
    )
    assert small.to_list() == pytest.approx(plain.to_list(), rel=1e-6)
    assert small[0] == pytest.approx(1)
