"""The key by which rows must come together before a graph may work on a part of them."""

from __future__ import annotations

from collections.abc import Sequence

from ops_gpu.graph.node import Node, topological
from ops_gpu.operators.base.across_rows import AcrossRows
from ops_gpu.operators.base.feature_operator import FeatureOperator

Column = tuple[Node, str]


def looks_across_rows(node: Node) -> bool:
    """Whether any operator of a graph looks at other rows of a key."""
    return any(isinstance(other.operator, AcrossRows) for other in topological(node))


def partition_key(nodes: Sequence[Node]) -> Node | None:
    """The key columns that all operators have in common that look at other rows.

    Args:
        nodes: the last nodes of graphs, with at least one such operator among them.

    Returns:
        A node that gives the columns, row by row; None where there is none in common, so that the data cannot be
        split at all.
    """
    keys = [_keys(other) for node in nodes for other in topological(node) if isinstance(other.operator, AcrossRows)]
    common = [column for name, column in keys[0].items() if all(name in others for others in keys)]
    # A key that is itself made across rows (a session) cannot bring rows together.
    plain = [(origin, name) for origin, name in common if not looks_across_rows(origin)]
    if not plain:
        return None
    return Node(None, [Node(None, [] if origin.is_input else [origin], [name]) for origin, name in plain])


def _keys(node: Node) -> dict[tuple[int, str], Column]:
    """Where the key columns of an operator come from; raw ones are one column wherever they stand."""
    assert isinstance(node.operator, AcrossRows)
    found = [_origin(Node(None, node.parents), name) for name in node.operator.partition_keys()]
    return {(0 if origin.is_input else id(origin), name): (origin, name) for origin, name in found}


def _origin(node: Node, name: str) -> Column:
    """The node that makes the values of a column, and its name there."""
    origin = node.origin(name)
    while isinstance(origin.operator, FeatureOperator):
        source = origin.operator.source(name, origin.input_names)
        if source is None:
            return origin, name
        origin, name = Node(None, origin.parents).origin(source), source
    return origin, name
