"""Sparse matrices of ColumnSimilarity: as frames that a workflow keeps, and as rows to compare."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from scipy.sparse import coo_array, csr_array, diags_array


def matrix_of(features: Any) -> csr_array:
    """A copy of a matrix in one form: Float64, each entry once, no zeros; ValueError where it holds NaN or infinity."""
    matrix = csr_array(features, dtype=np.float64, copy=True)  # what follows works in place
    if matrix.ndim != 2 or not np.isfinite(matrix.data).all():
        raise ValueError("ColumnSimilarity takes a matrix of finite numbers; replace NaN and infinity by 0.")
    matrix.sum_duplicates()
    matrix.eliminate_zeros()
    return matrix


def entries_of(matrix: csr_array) -> pl.DataFrame:
    """A matrix as a frame: `row`, `column` and `value` of what is not zero."""
    entries = coo_array(matrix)
    types = {"row": pl.Int64, "column": pl.Int64, "value": pl.Float64}
    return pl.DataFrame({"row": entries.row, "column": entries.col, "value": entries.data}, types)


def weighted_matrix(entries: pl.DataFrame, shape: tuple[int, int], metric: str) -> csr_array:
    """The matrix of these entries, weighted so that the inner product of rows is their similarity.

    Args:
        entries: as `entries_of` gives them.
        shape: rows and columns.
        metric: `inner`, `cosine` or `tfidf`.

    Returns:
        The matrix with one empty row more, for row numbers that are out of range.
    """
    rows, columns = entries["row"].to_numpy(), entries["column"].to_numpy()
    values = entries["value"].to_numpy()
    if metric == "tfidf":
        values = values * (np.log((1 + shape[0]) / (1 + np.bincount(columns, minlength=shape[1]))) + 1)[columns]
    matrix = csr_array((values, (rows, columns)), shape=(shape[0] + 1, shape[1]))
    if metric == "inner":
        return matrix
    # By a power of two first, which rounds nothing: squares of what is very small or large are none any more.
    _, exponents = np.frexp(abs(matrix).max(axis=1).toarray().ravel())
    matrix = diags_array(np.ldexp(1.0, np.clip(-exponents, -1000, 1000))) @ matrix
    norms = np.sqrt(matrix.multiply(matrix).sum(axis=1))
    return csr_array(diags_array(1 / np.where(norms > 0, norms, 1.0)) @ matrix)


def similarity_of(pairs: pl.Series, left: csr_array, right: csr_array) -> pl.Series:
    """Inner products, Float32, of the rows that structs of `left` and `right` (Int64) name; 0 out of range."""
    taken = [
        matrix[np.where((rows >= 0) & (rows < matrix.shape[0]), rows, matrix.shape[0] - 1)]
        for rows, matrix in ((pairs.struct.field(s).to_numpy(), m) for s, m in (("left", left), ("right", right)))
    ]
    return pl.Series(pairs.name, taken[0].multiply(taken[1]).sum(axis=1), pl.Float32)
