"""Which graphs a release can hold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
import pytest

from ops_gpu import operators as ops
from ops_gpu.graph.node import Node
from ops_gpu.operators.columns.add_metadata import AddMetadata
from ops_gpu.operators.columns.lambda_op import feature_function
from ops_gpu.workflow.servable import require_servable
from tests.ops_gpu.operators.cases import CASES


@dataclass(frozen=True, repr=False)
class OfMyOwn(AddMetadata):
    """An operator that only this module knows."""


@feature_function
def marked(value: pl.Expr) -> pl.Expr:
    """Twice the number, by code that no file holds; any process that imports this module may run it."""
    return value.map_batches(lambda numbers: numbers * 2, pl.Int64, is_elementwise=True)


@pytest.mark.parametrize("case", CASES)
def test_graphs_of_this_package_are_servable(case: str) -> None:
    require_servable(CASES[case])


def test_lambdas_are_servable_where_they_are_data() -> None:
    require_servable(["x"] >> ops.LambdaOp(lambda x, frame: x / frame["y"], dependency=["y"]), ["x", "y"])
    for function in (marked, lambda x: np.log1p(x), lambda x: x.map_elements(repr, pl.String)):
        with pytest.raises(ValueError, match=r"cannot be served, for nothing in a release runs code: it runs Python"):
            require_servable((["x"] >> ops.LambdaOp(function) >> ops.Categorify()) + ["y"])


def test_operators_that_a_server_does_not_know_are_named() -> None:
    with pytest.raises(ValueError, match=r"OfMyOwn.* its class is defined in .*test_servable, and a release brings no"):
        require_servable((["x"] >> OfMyOwn()) + ["y"])


FILTERED = (["x"] >> ops.Filter("x > 1")) + ["y"]


@pytest.mark.parametrize(
    ("node", "does"),
    [
        (FILTERED, "leaves rows out"),
        (["x"] >> ops.Dropna(), "leaves rows out"),
        (["x"] >> ops.History("y", "t"), "looks at other rows"),
        (["x"] >> ops.Groupby("y"), "looks at other rows"),
    ],
    ids=["filter", "dropna", "history", "groupby"],
)
def test_a_row_that_is_asked_for_must_be_answered(node: Node, does: str) -> None:
    require_servable(node)
    require_servable(node, ["something else"])
    require_servable(node, [])
    with pytest.raises(
        ValueError, match=f"{does}, and is computed from x, y, t alone, which a request brings as one row"
    ):
        require_servable(node, ["x", "y", "t"])


def test_what_only_teaches_may_leave_rows_out() -> None:
    liked = (["item", "label"] >> ops.Filter("label = 1"))["item"] >> ops.JoinGroupby()
    require_servable(Node.of([liked, "age"]), ["age", "item"])


def test_what_cannot_be_saved_cannot_be_served() -> None:
    with pytest.raises(ValueError, match=r"AddMetadata.* cannot be served, for it cannot be saved: .*must be JSON"):
        require_servable(["x"] >> ops.AddMetadata(properties={"a": object()}))
