"""The type check of an ensemble, made when it is built and not when the first request comes."""

from __future__ import annotations

from ops_gpu.graph.node import Node, evaluate, topological
from ops_gpu.schema.column import ColumnSchema
from ops_gpu.schema.schema import Schema
from serving.operators.base import Need, ServingOperator

Typed = tuple[ColumnSchema, str]
"""A column, and who gives it."""


def check_types(node: Node, inputs: Schema) -> Schema:
    """Checks every connection of a graph of serving operators.

    Args:
        node: the graph's last node.
        inputs: schema of the request's columns.

    Returns:
        Schema of the node's columns.

    Raises:
        TypeError: when an operator does not serve, or gets a column of another type than it needs, or a
            list where a scalar is needed; names both operators and both columns.
        ValueError: when a column is missing; says which operator of the graph would give it.
    """
    given = {column.name: (column, "the request") for column in inputs}

    def apply(current: Node, taken: dict[str, Typed]) -> dict[str, Typed]:
        operator = current.operator
        if not isinstance(operator, ServingOperator):
            raise TypeError(f"{operator} is no serving operator; take one of serving.operators.")
        for need in operator.needs():
            _check_need(operator, need, taken, node)
        schema = operator.output_schema(Schema(column for column, _ in taken.values()))
        return {column.name: (column, operator.name) for column in schema}

    for name in (name for current in topological(node) if current.is_input for name in current.names):
        if name not in inputs:
            raise ValueError(f"The graph starts from column {name!r}; the request has {', '.join(inputs.names)}.")
    return Schema(column for column, _ in evaluate(node, given, apply).values())


def _check_need(operator: ServingOperator, need: Need, taken: dict[str, Typed], node: Node) -> None:
    if need.column not in taken:
        offered = ", ".join(f"{name!r} of {giver}" for name, (_, giver) in taken.items())
        raise ValueError(
            f"{operator.name} needs the {need}, and is connected to {offered or 'nothing'}; {_advice(need, node)}."
        )
    column, giver = taken[need.column]
    found = f"{giver} gives the {_described(column)}"
    if column.is_list != need.is_list:
        wanted = "a list a user" if need.is_list else "one value a user"
        raise TypeError(f"{operator.name} needs the {need}, but {found}; connect a column with {wanted}.")
    if need.dtypes and column.dtype not in need.dtypes:
        raise TypeError(f"{operator.name} needs the {need}, but {found}; convert it in between.")


def _described(column: ColumnSchema) -> str:
    return f"{'list' if column.is_list else 'scalar'} column {column.name!r} of {column.dtype}"


def _advice(need: Need, node: Node) -> str:
    givers = {
        str(current.operator.name)
        for current in topological(node)
        if current.operator is not None and need.column in current.names
    }
    if givers:
        return f"connect {' or '.join(sorted(givers))}, which gives it, with +"
    return "no operator of this ensemble gives it"
