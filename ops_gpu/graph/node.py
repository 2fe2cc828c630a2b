"""Node and Step: the one graph, for features and for serving ensembles, and what stands in it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar, TypeVar

from ops_gpu.graph.operator import Groups, Operator
from ops_gpu.schema.schema import Schema

V = TypeVar("V")


class Node:
    """A step of a graph: an operator over the columns of its parents, or a choice of columns.

    Nodes are made with operators, not with the constructor: `["a", "b"] >> Op()` starts from raw columns,
    `node >> Op()` goes on, `a + b` takes the columns of both, `a - ["x"]` leaves columns out and `a["x"]` or
    `a[["x", "y"]]` takes only those. A node never changes, and may have any number of consumers.

    Args:
        operator: what is computed; None for raw columns and for choices of columns.
        parents: the nodes whose columns are taken; none for raw columns.
        names: the columns given. For raw columns their names, for a choice those chosen; for an operator
            they follow from the parents.
        groups: those of the names that were written in inner lists, for the next operator to take as groups.

    Raises:
        ValueError: when two parents give a column of one name, or a chosen column does not exist.

    Example:
        >>> node = ["user_id"] >> Categorify()
        >>> node = node + (["price"] >> FillMissing() >> Normalize())
    """

    def __init__(
        self,
        operator: Operator | None,
        parents: Sequence[Node] = (),
        names: Iterable[str] | None = None,
        groups: Groups = (),
    ) -> None:
        self.operator = operator
        self.parents = tuple(parents)
        self.groups = groups
        self.input_names = _joined(self.parents)
        if operator is not None:
            self.names = tuple(operator.output_names(self.input_names))
        else:
            self.names = tuple(names if names is not None else self.input_names)
        self._check_names()
        self.space = self._space()
        self._order: list[Node] | None = None

    def _check_names(self) -> None:
        for name in self.names:
            if self.names.count(name) > 1:
                raise ValueError(f"{self} gives column {name!r} twice; rename one of the two.")
        if self.operator is None and self.parents:
            missing = [name for name in self.names if name not in self.input_names]
            if missing:
                there = ", ".join(self.input_names)
                raise ValueError(f"no column {missing[0]!r} to choose; there are {there}.")

    def _space(self) -> Node | None:
        """The node whose groups are the rows here, or None where they are the rows that come in."""
        spaces = {id(parent.space): parent for parent in self.parents}
        if len(spaces) > 1:
            one, other, *_ = spaces.values()
            raise ValueError(
                f"the rows of {one} and of {other} do not line up: one of them has a row a group; take all columns "
                "through one Groupby."
            )
        if self.operator is not None and self.operator.regroups:
            return self
        return self.parents[0].space if self.parents else None

    @staticmethod
    def of(columns: str | Iterable[Any] | Node | Schema, operator: Operator | None = None) -> Node:
        """The node of these columns: a name, a list of names and nodes, a schema, or a node as it is.

        Names in an inner list form a group for the operator that comes next; `operator` names it in errors.
        """
        if isinstance(columns, Node):
            return columns
        listed = columns.names if isinstance(columns, Schema) else columns
        items = [listed] if isinstance(listed, str) else list(listed)
        if not items:
            raise ValueError(f"no columns given to {operator or 'a node'}; name at least one.")
        nodes = [item for item in items if isinstance(item, Node)]
        lists = [item for item in items if not isinstance(item, Node)]
        names = dict.fromkeys(_flat(lists))
        # With inner lists around, a name by itself is a group of one.
        inner = any(not isinstance(item, str) for item in lists)
        groups = tuple((item,) if isinstance(item, str) else tuple(item) for item in lists) if inner else ()
        if not nodes:
            return Node(None, (), names, groups)
        return Node(None, [*([Node(None, (), names)] if names else []), *nodes], groups=groups)

    def origin(self, name: str) -> Node:
        """The node that computes a column, or the raw columns that it comes from."""
        if self.operator is not None or not self.parents:
            return self
        return next(parent.origin(name) for parent in self.parents if name in parent.names)

    @property
    def is_input(self) -> bool:
        """True for raw columns."""
        return self.operator is None and not self.parents

    def __rshift__(self, operator: Step | type[Step] | Callable[..., Any]) -> Node:
        built = operator() if isinstance(operator, type) else operator
        if not isinstance(built, Operator) and callable(built) and Step.of_function is not None:
            built = Step.of_function(built)
        if not isinstance(built, Step):
            raise TypeError(f"expected an operator after >>, got {built!r}.")
        if self.groups and getattr(built, "groups", ()):
            raise ValueError(f"{built} has groups, and so have the columns on its left, {self.groups}; give them once.")
        parents = [self, *built.companion_nodes()]
        there = {name for parent in parents for name in parent.names}
        missing = [name for name in built.companions() if name not in there]
        if missing:
            parents.append(Node(None, (), missing))
        node = Node(built.with_groups(self.groups) if self.groups else built, parents)
        if not node.names:
            raise ValueError(f"{built} makes nothing of {', '.join(self.names)} alone; give it another column.")
        return node

    def __add__(self, other: str | Iterable[Any] | Node | Schema) -> Node:
        return Node(None, [self, Node.of(other)])

    def __radd__(self, other: str | Iterable[Any] | Schema) -> Node:
        return Node(None, [Node.of(other), self])

    def __sub__(self, other: str | Iterable[str] | Node) -> Node:
        unwanted = set(other.names if isinstance(other, Node) else _flat(other))
        unknown = unwanted - set(self.names)
        if unknown:
            there = ", ".join(self.names)
            raise ValueError(f"no column {min(unknown)!r} to leave out; there are {there}.")
        return Node(None, [self], [name for name in self.names if name not in unwanted])

    def __getitem__(self, names: str | Iterable[str]) -> Node:
        return Node(None, [self], _flat(names))

    # Without this, Python would take __getitem__ for iteration and never end.
    __iter__ = None

    def __repr__(self) -> str:
        return f"{self.operator or 'columns'} -> [{', '.join(self.names)}]"

    def to_dict(self) -> dict[str, Any]:
        """The whole graph below and with this node as JSON; parents come first, this node last."""
        nodes = topological(self)
        index = {id(node): position for position, node in enumerate(nodes)}
        return {
            "nodes": [
                {
                    "operator": node.operator.to_dict() if node.operator else None,
                    "parents": [index[id(parent)] for parent in node.parents],
                    "names": list(node.names),
                }
                for node in nodes
            ]
        }

    @staticmethod
    def from_dict(data: Mapping[str, Any]) -> Node:
        """The graph that `to_dict` wrote; ValueError for an operator that is not imported."""
        nodes: list[Node] = []
        for entry in data["nodes"]:
            operator = Operator.from_dict(entry["operator"]) if entry["operator"] else None
            nodes.append(Node(operator, [nodes[parent] for parent in entry["parents"]], entry["names"]))
        return nodes[-1]


class Step(Operator):
    """An operator that columns are sent to: `["price"] >> Clip(min_value=0.0)`."""

    of_function: ClassVar[Callable[[Any], Step] | None] = None
    """What makes a step of a function of one's own; the class that does sets it."""

    takes_groups: ClassVar[bool] = False
    """True where columns that are given in no groups are one group."""

    def companion_nodes(self) -> tuple[Node, ...]:
        """Nodes that give some of its companions; `>>` takes them in beside what stands on its left."""
        return ()

    def __rrshift__(self, columns: str | Iterable[Any] | Node | Schema) -> Node:
        node = Node.of(columns, self)
        one_group = self.takes_groups and not node.groups and not getattr(self, "groups", ())
        return node >> (self.with_groups((node.names,)) if one_group else self)

    def with_groups(self, groups: Groups) -> Step:
        """A copy for columns in groups, as in `[["a", "b"], "c"] >> Op()`; by default an error."""
        raise ValueError(f"{self.name} takes single columns, got groups {groups}; write a flat list of names.")


def topological(node: Node) -> list[Node]:
    """Every node below and with this one, once, parents before children, in a stable order."""
    if node._order is None:
        node._order = _ordered(node)
    return node._order


def _ordered(node: Node) -> list[Node]:
    order: list[Node] = []
    seen: set[int] = set()
    stack = [(node, False)]
    while stack:
        current, ready = stack.pop()
        if ready:
            order.append(current)
        elif id(current) not in seen:
            seen.add(id(current))
            stack.append((current, True))
            stack.extend((parent, False) for parent in reversed(current.parents))
    return order


def evaluate(
    node: Node,
    inputs: Mapping[str, V],
    apply: Callable[[Node, dict[str, V]], Mapping[str, V]],
    above: Node | None = None,
) -> dict[str, V]:
    """Columns of a node, with every node below it evaluated once, whoever asks.

    Args:
        node: the node asked for.
        inputs: the raw columns by name, of any type.
        apply: computes one operator node: takes the node and the columns of its parents, gives its own.
        above: a node whose columns `inputs` holds instead of raw ones; what is below it is left alone.

    Returns:
        The node's columns by name, in its order.

    Raises:
        KeyError: when a raw column is missing from `inputs`, or `apply` left a column out.
    """
    results: dict[int, dict[str, V]] = {}
    below = {id(other) for other in topological(above)} if above is not None else set()
    for current in topological(node):
        if id(current) in below:
            results[id(current)] = {name: inputs[name] for name in current.names} if current is above else {}
            continue
        taken: dict[str, V] = {}
        for parent in current.parents:
            taken.update(results[id(parent)])
        if current.operator is not None:
            given: Mapping[str, V] = apply(current, taken)
        else:
            given = taken if current.parents else inputs
        results[id(current)] = {name: _column(given, name, current) for name in current.names}
    return results[id(node)]


def input_names(node: Node) -> list[str]:
    """Names of the raw columns that a node stands on, each once."""
    return list(dict.fromkeys(name for n in topological(node) if n.is_input for name in n.names))


def _column(given: Mapping[str, V], name: str, node: Node) -> V:
    if name not in given:
        raise KeyError(f"{node} needs column {name!r}, and there are only {', '.join(given) or 'none'}.")
    return given[name]


def _joined(parents: Sequence[Node]) -> tuple[str, ...]:
    owner: dict[str, Node] = {}
    for parent in parents:
        for name in parent.names:
            origin = parent.origin(name)
            known = owner.setdefault(name, origin)
            if known is not origin and not (known.is_input and origin.is_input):
                raise ValueError(f"two upstreams give column {name!r}: {known} and {origin}; rename or leave out one.")
    return tuple(owner)


def _flat(names: str | Iterable[Any]) -> list[str]:
    if isinstance(names, str):
        return [names]
    return [name for item in names for name in _flat(item)]
