"""From an output column of a workflow back to the raw column that it comes from."""

from __future__ import annotations

from collections.abc import Callable

from ops_gpu.graph.node import Node
from ops_gpu.operators.base.feature_operator import FeatureOperator


def column_origin(node: Node, column: str, through: Callable[[Node, str], bool]) -> str | None:
    """The raw column that `column` follows from, and from nothing else.

    Args:
        node: gives the column.
        column: one of its columns.
        through: whether an operator makes a column of that same column alone, in a way that is welcome; asked for
            every operator, from the last to the first, that does not hand its values on unchanged.

    Returns:
        None where an operator on the way is not gone through.
    """
    node, name = node.origin(column), column
    while isinstance(node.operator, FeatureOperator):
        source = node.operator.source(name, node.input_names)
        if source is None:
            if name not in node.input_names or not through(node, name):
                return None
            source = name
        node, name = Node(None, node.parents).origin(source), source
    return name
