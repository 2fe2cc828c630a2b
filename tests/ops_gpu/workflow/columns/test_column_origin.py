from __future__ import annotations

import polars as pl

from ops_gpu.graph.node import Node
from ops_gpu.operators import Categorify, FillMissing, LogOp, Normalize, Rename
from ops_gpu.workflow.columns.column_origin import column_origin
from ops_gpu.workflow.workflow import Workflow

NODE = (["price"] >> FillMissing(0.0) >> LogOp() >> Rename(postfix="_log")) + (["city"] >> Categorify())


def test_the_way_goes_through_what_is_welcome_from_the_last_operator_to_the_first() -> None:
    seen: list[str] = []

    def through(node: Node, name: str) -> bool:
        seen.append(f"{node.operator.name if node.operator else None} {name}")
        return True

    assert column_origin(NODE, "price_log", through) == "price"
    assert seen == ["LogOp price", "FillMissing price"]  # a new name is no step
    assert column_origin(NODE, "price_log", lambda node, name: False) is None


def test_a_column_that_the_operator_adds_comes_from_no_single_one() -> None:
    node = ["price"] >> FillMissing(0.0, add_binary_cols=True)
    assert column_origin(node, "price_filled", lambda node, name: True) is None


def test_codes_and_numbers_are_told_apart() -> None:
    workflow = Workflow(NODE + (["age"] >> Normalize())).fit(
        pl.DataFrame({"price": [1.0, None], "city": ["a", "b"], "age": [3, 4]})
    )
    assert workflow.encoded_from("city") == "city"
    assert workflow.encoded_from("age") is None
    assert workflow.numpy_path("city") is None
    path = workflow.numpy_path("age")
    assert path is not None and path.source == "age"
