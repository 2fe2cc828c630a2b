"""WorkflowState: all that a workflow has learnt."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from ops_gpu.graph.node import Node, evaluate
from ops_gpu.operators.base.fitted_operator import FittedOperator
from ops_gpu.operators.base.operator_state import NodeState
from ops_gpu.primitives.content_hash import hash_frames
from ops_gpu.schema.column import ColumnSchema
from ops_gpu.schema.schema import Schema
from ops_gpu.workflow.workflow_graph import WorkflowGraph

_NOTHING = NodeState()


@dataclass(frozen=True)
class WorkflowState:
    """States by node, and the raw columns that they came from; never changed in place.

    Args:
        schema: types of the raw columns that were seen.
        nodes: state by key of the node.
        generations: hash of each state as of its last fit from nothing. What was learnt above a node stays
            valid as long as its generation.
    """

    schema: Schema = field(default_factory=Schema)
    nodes: Mapping[str, NodeState] = field(default_factory=dict)
    generations: Mapping[str, str] = field(default_factory=dict)

    def of(self, graph: WorkflowGraph, node: Node) -> NodeState:
        """The state of a node, empty for one that learns nothing; ValueError before it was fitted."""
        if not isinstance(node.operator, FittedOperator):
            return _NOTHING
        key = graph.key(node)
        if key not in self.nodes:
            raise ValueError(f"{node.operator} is not fitted; call fit or finalize first.")
        return self.nodes[key]

    def output_schema(self, graph: WorkflowGraph, raw: Schema) -> Schema:
        """The columns that a graph gives in this state, those among them that are dropped for holding too few values.

        Args:
            graph: its fitted nodes may be fitted or not.
            raw: the columns that it reads.
        """

        def apply(node: Node, columns: dict[str, ColumnSchema]) -> dict[str, ColumnSchema]:
            taken, operator = Schema(columns.values()), node.operator
            if isinstance(operator, FittedOperator):
                given = operator.output_schema(taken, self.nodes.get(graph.key(node)))
            else:
                assert operator is not None
                given = operator.output_schema(taken)
            return {column.name: column for column in given}

        return Schema(evaluate(graph.node, {column.name: column for column in raw}, apply).values())

    def with_node(self, key: str, state: NodeState) -> WorkflowState:
        """A copy with another state of one node; the first one starts its generation."""
        generation = self.generations.get(key) or hash_frames(state)
        return WorkflowState(self.schema, {**self.nodes, key: state}, {**self.generations, key: generation})

    def only(self, keys: Collection[str]) -> WorkflowState:
        """What is known of these nodes, and nothing else."""
        nodes = {key: state for key, state in self.nodes.items() if key in keys}
        return WorkflowState(nodes=nodes, generations={key: self.generations[key] for key in nodes})

    def with_schema(self, schema: Schema) -> WorkflowState:
        """A copy that has seen other raw columns."""
        return WorkflowState(schema, self.nodes, self.generations)

    def hashes(self) -> dict[str, str]:
        """Content hash of every node's state."""
        return {key: hash_frames(state) for key, state in sorted(self.nodes.items())}
