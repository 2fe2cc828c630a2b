from __future__ import annotations

from collections.abc import Callable

import polars as pl
import pytest

from ops_gpu import operators as ops
from ops_gpu.graph.operator import Operator
from ops_gpu.workflow.workflow import Workflow

FRAME = pl.DataFrame({"a": [1]})


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: ops.Bucketize(3), r"Bucketize has boundaries=3, expected Sequence\[float\] \| Mapping"),
        (lambda: ops.ListSlice("1"), "ListSlice has start='1', expected int"),
        (lambda: ops.Clip("a"), r"Clip has min_value='a', expected float \| None"),
        (lambda: ops.Sessionize("30m", "user"), "Sessionize has gap='30m', expected float"),
        (lambda: ops.Categorify(freq_threshold="x"), "Categorify has freq_threshold='x', expected int"),
    ],
)
def test_a_parameter_of_another_type_is_named_before_it_is_used(make: Callable[[], Operator], sentence: str) -> None:
    with pytest.raises(TypeError, match=sentence):
        make()


def test_whole_numbers_are_numbers() -> None:
    assert ops.Clip(0, 3).min_value == 0


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: ops.TargetEncoding("label", p_smooth=-1.0), "p_smooth -1.0; give 0 or more"),
        (lambda: Workflow(["a"] >> ops.HashBucket(2**40)).fit(FRAME).transform(FRAME), "num_buckets 1099511627776"),
    ],
)
def test_a_number_out_of_range_is_named(make: Callable[[], object], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        make()


def test_a_workflow_is_made_of_a_node() -> None:
    with pytest.raises(TypeError, match=r"made of a node, got \['a'\]; write columns >> operator"):
        Workflow(["a"])  # type: ignore[arg-type]
