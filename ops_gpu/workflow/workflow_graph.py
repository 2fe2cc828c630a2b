"""WorkflowGraph: a graph whose nodes have names that survive saving and pruning."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

from ops_gpu.graph.node import Node, input_names, topological
from ops_gpu.operators.base.fitted_operator import FittedOperator
from ops_gpu.operators.base.row_filter import RowFilter
from ops_gpu.operators.categorical.drop_low_cardinality import DropLowCardinality
from ops_gpu.primitives.content_hash import hash_json


class WorkflowGraph:
    """The nodes of a workflow by key.

    A key is a node's place in the whole graph; the part of a graph that remains after `for_inputs` keeps the
    keys of the whole, so that states and statistics fit both.

    Args:
        node: the node whose columns the workflow gives.
        keys: keys of all nodes, parents first; by default numbers.
        whole: hash of the whole graph; by default of this one.
    """

    def __init__(self, node: Node, keys: Sequence[str] | None = None, whole: str | None = None) -> None:
        self.node = node
        self.keys = tuple(keys or (str(place) for place in range(len(topological(node)))))
        self.whole = whole or hash_json(node.to_dict())

    @cached_property
    def _key_by_id(self) -> dict[int, str]:
        return {id(node): key for node, key in zip(topological(self.node), self.keys, strict=True)}

    def __getstate__(self) -> dict[str, Any]:
        return {"node": self.node, "keys": self.keys, "whole": self.whole}

    def key(self, node: Node) -> str:
        """Key of a node."""
        return self._key_by_id[id(node)]

    def is_whole(self) -> bool:
        """False for what `for_inputs` left of a graph."""
        return hash_json(self.node.to_dict()) == self.whole

    @cached_property
    def fitted(self) -> dict[str, Node]:
        """Nodes that learn, by key, parents first."""
        return {self.key(n): n for n in topological(self.node) if isinstance(n.operator, FittedOperator)}

    @cached_property
    def registering(self) -> set[str]:
        """Keys of the nodes that give out codes."""
        return {
            key for key, n in self.fitted.items() if isinstance(n.operator, FittedOperator) and n.operator.registers
        }

    @cached_property
    def scaling(self) -> set[str]:
        """Keys of the nodes that learn the scale of numbers."""
        return {key for key, n in self.fitted.items() if isinstance(n.operator, FittedOperator) and n.operator.scales}

    @cached_property
    def as_of(self) -> set[str]:
        """Keys of the nodes whose state is that of a moment."""
        return {key for key, n in self.fitted.items() if isinstance(n.operator, FittedOperator) and n.operator.as_of}

    @cached_property
    def as_of_scales(self) -> list[list[str]]:
        """Keys of the nodes that learn the scale of numbers which depend on the moment, level by level."""
        above = {key for key in self.scaling if self.as_of.intersection(self.fitted_below(self.fitted[key]))}
        levels = [[key for key in level if key in above] for level in self.levels()]
        return [level for level in levels if level]

    def as_of_outputs(self) -> list[str]:
        """Output columns that such a node stands below, in order."""
        found = []
        for name in self.node.names:
            part = self.for_outputs([name])
            if any(isinstance(n.operator, FittedOperator) and n.operator.as_of for n in part.fitted.values()):
                found.append(name)
        return found

    @cached_property
    def drops(self) -> bool:
        """Whether columns may be left out for what is known of them."""
        return any(isinstance(node.operator, DropLowCardinality) for node in topological(self.node))

    def fitted_below(self, node: Node) -> list[str]:
        """Keys of the nodes that learn, strictly below a node."""
        return [self.key(n) for n in topological(node)[:-1] if isinstance(n.operator, FittedOperator)]

    def levels(self) -> list[list[str]]:
        """Keys of the nodes that learn, by how many such nodes stand below them on the longest way."""
        level: dict[int, int] = {}
        for node in topological(self.node):
            level[id(node)] = max(
                (level[id(p)] + isinstance(p.operator, FittedOperator) for p in node.parents), default=0
            )
        found: dict[int, list[str]] = {}
        for key, node in self.fitted.items():
            found.setdefault(level[id(node)], []).append(key)
        return [found[number] for number in sorted(found)]

    def read_by_fitted(self) -> set[str]:
        """Keys of the nodes that learn and that another one stands above."""
        return {key for node in self.fitted.values() for key in self.fitted_below(node)}

    @property
    def input_columns(self) -> list[str]:
        """Raw columns that `transform` reads."""
        return input_names(self.node)

    @property
    def fit_columns(self) -> list[str]:
        """Raw columns that learning reads: those of `transform`, and the targets."""
        operators = [node.operator for node in self.fitted.values()]
        extra = [name for o in operators if isinstance(o, FittedOperator) for name in o.dependencies()]
        return list(dict.fromkeys([*self.input_columns, *extra]))

    def for_inputs(self, columns: Iterable[str]) -> WorkflowGraph:
        """The part that is computable from these raw columns alone; ValueError where that is nothing."""
        there = list(columns)
        parts: dict[int, Node | None] = {}
        keys: dict[int, str] = {}
        for node in topological(self.node):
            part = _part(node, [parts[id(parent)] for parent in node.parents], there)
            parts[id(node)] = part
            if part is not None:
                keys[id(part)] = self.key(node)
        root = parts[id(self.node)]
        if root is None:
            raise ValueError(
                f"nothing can be computed from columns {', '.join(there) or 'none'} alone; "
                f"the workflow reads {', '.join(self.input_columns)}."
            )
        graph = WorkflowGraph(root, [keys[id(node)] for node in topological(root)], self.whole)
        # What only served columns that are gone is not read any more.
        pruned = graph.for_outputs(root.names)
        return graph if pruned.input_columns == graph.input_columns else pruned

    def for_outputs(self, columns: Sequence[str]) -> WorkflowGraph:
        """The part that these output columns need, and nothing else; ValueError for one that there is not."""
        unknown = [name for name in columns if name not in self.node.names]
        if unknown or not columns:
            there = ", ".join(self.node.names)
            raise ValueError(f"the workflow gives no column {', '.join(unknown) or 'of none'}; it gives {there}.")
        top = Node(None, [self.node], columns)
        wanted = _wanted(top)
        parts: dict[int, Node] = {}
        for node in topological(top):
            if wanted[id(node)] or isinstance(node.operator, RowFilter):
                kept = [parts[id(parent)] for parent in node.parents if wanted[id(parent)]]
                # Filters leave rows out of all columns, so they stay, with what they read.
                if node is top or node.space is node:
                    kept += [Node(None, [part], []) for part in _filters_beside(node, kept, parts)]
                names = None if node.operator else [name for name in node.names if name in wanted[id(node)]]
                parts[id(node)] = Node(node.operator, kept, names)
        keys = {id(part): self._key_by_id.get(node, "chosen") for node, part in parts.items()}
        # Choices of columns are new, and have no key in the whole graph.
        root = parts[id(top)]
        return WorkflowGraph(root, [keys.get(id(node), "chosen") for node in topological(root)], self.whole)


def _filters_beside(node: Node, kept: Sequence[Node], parts: Mapping[int, Node]) -> list[Node]:
    """Parts of the filters of the rows that a node takes which do not stand below what is kept of its parents."""
    below = {id(part) for parent in kept for part in topological(parent)}
    space = node.parents[0].space
    filters = [other for other in topological(node) if isinstance(other.operator, RowFilter) and other.space is space]
    return [parts[id(other)] for other in filters if id(parts[id(other)]) not in below]


def _wanted(top: Node) -> dict[int, set[str]]:
    """Which columns of each node those of the top need, and the filters below it."""
    wanted: dict[int, set[str]] = {id(node): set() for node in topological(top)}
    wanted[id(top)] = set(top.names)
    for node in reversed(topological(top)):
        needed = wanted[id(node)]
        if node.operator is not None and (needed or isinstance(node.operator, RowFilter)):
            needed = node.operator.needed(needed, node.input_names)
        for parent in node.parents:
            wanted[id(parent)] |= needed & set(parent.names)
    return wanted


def _part(node: Node, parents: Sequence[Node | None], columns: Sequence[str]) -> Node | None:
    remaining = [parent for parent in parents if parent is not None]
    if node.operator is not None:
        there = {name for parent in remaining for name in parent.names}
        part = (
            Node(node.operator, remaining)
            if remaining and there.issuperset(node.operator.required(node.input_names))
            else None
        )
    elif node.parents:
        available = {name for parent in remaining for name in parent.names}
        part = Node(None, remaining, [name for name in node.names if name in available]) if remaining else None
    else:
        part = Node(None, (), [name for name in node.names if name in columns])
    return part if part is not None and part.names else None
