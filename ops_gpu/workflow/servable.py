"""Whether a graph of features can be part of a release, which a server reads in a process of its own."""

from __future__ import annotations

from collections.abc import Iterable

from ops_gpu.graph.node import Node, topological
from ops_gpu.graph.operator import Operator
from ops_gpu.operators.base.across_rows import AcrossRows
from ops_gpu.operators.base.row_filter import RowFilter
from ops_gpu.workflow.workflow_graph import WorkflowGraph

PACKAGE = "ops_gpu"


def require_servable(node: Node, inputs: Iterable[str] | None = None) -> None:
    """Refuses a graph that works here, and that no server could read or answer with.

    A release is data: a server finds in it the names of operators and what they have learnt, and imports nothing for
    it. So its operators must be those of this package, and functions of one's own such that become data (`LambdaOp`).
    A server sees one row at a time, of which it gives one.

    Args:
        node: the graph's last node, fitted or not.
        inputs: raw columns that come with a request (of the user); None where that is not known.

    Raises:
        ValueError: when there is such an operator; it says which one, and what to do.

    Example:
        >>> require_servable(["age"] >> Normalize(), ["age"])
    """
    for other in topological(node):
        if other.operator is not None:
            _require_known(other.operator)
            other.operator.check_servable()
            _require_data(other.operator)
    if inputs is not None:
        _require_single_rows(node, list(inputs))


def _require_known(operator: Operator) -> None:
    module = type(operator).__module__
    if module.partition(".")[0] != PACKAGE:
        raise ValueError(
            f"{operator} cannot be served: its class is defined in {module}, and a release brings no code, so that a "
            "server does not know it; express it with the operators of ops_gpu.operators (LambdaOp takes any function "
            "over Polars' own expressions)."
        )


def _require_data(operator: Operator) -> None:
    try:
        operator.check_saveable()
        operator.to_dict()
    except TypeError as error:
        raise ValueError(f"{operator} cannot be served, for it cannot be saved: {error}") from error


def _require_single_rows(node: Node, inputs: list[str]) -> None:
    try:
        part = WorkflowGraph(node).for_inputs(inputs)
    except ValueError:
        return  # nothing is computed from these alone
    for other in topological(part.node):
        if isinstance(other.operator, (RowFilter, AcrossRows)):
            does = "leaves rows out" if isinstance(other.operator, RowFilter) else "looks at other rows"
            raise ValueError(
                f"{other.operator} {does}, and is computed from {', '.join(inputs)} alone, which a request brings as "
                "one row that must be answered; compute it before, into a column of its own, or from other columns."
            )
