from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest

from ops_gpu.graph.node import Node, Step, evaluate, input_names, topological
from ops_gpu.graph.operator import Groups
from ops_gpu.schema.column import ColumnSchema
from ops_gpu.schema.schema import Schema
from ops_gpu.schema.tags import Tags


@dataclass(frozen=True, repr=False)
class AddNumber(Step):
    number: int = 1


@dataclass(frozen=True, repr=False)
class Sum(Step):
    groups: Groups = ()

    def output_names(self, names: Sequence[str]) -> tuple[str, ...]:
        return ("sum",)

    def output_schema(self, schema: Schema) -> Schema:
        return Schema([ColumnSchema("sum", "int64")])

    def with_groups(self, groups: Groups) -> Sum:
        return replace(self, groups=groups)


@dataclass(frozen=True, repr=False)
class Named(Step):
    name_: str

    def output_names(self, names: Sequence[str]) -> tuple[str, ...]:
        return (self.name_,)


def apply(node: Node, columns: dict[str, int]) -> dict[str, int]:
    if isinstance(node.operator, AddNumber):
        return {name: value + node.operator.number for name, value in columns.items()}
    return {node.names[0]: sum(columns.values())}


def test_operators_chain_and_combine() -> None:
    node = (["a", "b"] >> AddNumber(10)) + (["c"] >> AddNumber(20))
    assert node.names == ("a", "b", "c")
    assert evaluate(node >> Sum(), {"a": 1, "b": 2, "c": 3}, apply) == {"sum": 46}
    assert evaluate(node["c"] + (node - ["c"])["b"], {"a": 1, "b": 2, "c": 3}, apply) == {"c": 23, "b": 12}


def test_several_upstreams_bind_tighter_than_operators() -> None:
    a, b = ["a"] >> AddNumber(), ["b"] >> AddNumber()
    assert evaluate(a + b >> Sum(), {"a": 1, "b": 2}, apply) == {"sum": 5}
    assert evaluate([a, b, "c"] >> Sum(), {"a": 1, "b": 2, "c": 4}, apply) == {"sum": 9}


def test_a_name_a_schema_and_a_class_will_do() -> None:
    schema = Schema([ColumnSchema("a"), ColumnSchema("b")])
    assert ("a" >> AddNumber()).names == ("a",)
    assert (schema >> AddNumber() >> AddNumber).names == ("a", "b")
    assert (["x"] + (schema >> AddNumber())).names == ("x", "a", "b")


def test_every_node_is_evaluated_once() -> None:
    """NVTabular evaluates 8 chained diamonds 256 times."""
    node = ["a"] >> AddNumber(0)
    for _ in range(8):
        left, right = node >> AddNumber(1), node >> AddNumber(2)
        node = left + (right >> Named("right")) >> Named("a")
    calls: Counter[int] = Counter()

    def counted(current: Node, columns: dict[str, int]) -> dict[str, int]:
        calls[id(current)] += 1
        return apply(current, columns)

    evaluate(node, {"a": 0}, counted)
    assert set(calls.values()) == {1}
    assert len(calls) == 1 + 8 * 4


def test_one_name_from_two_upstreams_is_an_error_that_names_both() -> None:
    with pytest.raises(ValueError, match=r"'a'.*AddNumber\(number=1\).*AddNumber\(number=2\)"):
        (["a"] >> AddNumber(1)) + (["a"] >> AddNumber(2))
    with pytest.raises(ValueError, match="'a'"):
        ["a"] + (["a"] >> AddNumber())


def test_the_same_column_by_two_ways_is_no_conflict() -> None:
    node = ["a", "b"] >> AddNumber()
    assert (node["a"] + node).names == ("a", "b")
    assert (["a"] + Node.of(["a", "b"])["a"]).names == ("a",)


def test_wrong_names_are_errors() -> None:
    node = ["a", "b"] >> AddNumber()
    with pytest.raises(ValueError, match="no column 'c' to choose; there are a, b"):
        node["c"]
    with pytest.raises(ValueError, match="no column 'c' to leave out; there are a, b"):
        node - ["c"]
    with pytest.raises(ValueError, match="no columns given"):
        [] >> AddNumber()
    with pytest.raises(KeyError, match="needs column 'b'"):
        evaluate(node, {"a": 1}, apply)
    with pytest.raises(TypeError, match="expected an operator"):
        node >> 3  # type: ignore[operator]


def test_a_node_is_not_iterated() -> None:
    with pytest.raises(TypeError):
        list(["a"] >> AddNumber())  # type: ignore[call-overload]


def test_groups_go_to_the_operator() -> None:
    node = [["a", "b"], "c"] >> Sum()
    assert node.operator == Sum((("a", "b"), ("c",)))
    assert node.input_names == ("a", "b", "c")
    with pytest.raises(ValueError, match="AddNumber takes single columns"):
        [["a", "b"]] >> AddNumber()


def test_json_round_trip() -> None:
    shared = ["a", "b"] >> AddNumber(3)
    node = (shared["a"] >> Sum()) + shared - ["b"]
    text = json.dumps(node.to_dict())
    again = Node.from_dict(json.loads(text))
    assert json.dumps(again.to_dict()) == text
    assert len(topological(again)) == len(topological(node))
    assert evaluate(again, {"a": 1, "b": 2}, apply) == evaluate(node, {"a": 1, "b": 2}, apply)
    assert input_names(again) == ["a", "b"]


def test_schema_of_a_graph() -> None:
    raw = Schema([ColumnSchema("a", "int64", frozenset({Tags.USER})), ColumnSchema("b", "int64")])
    node = (["a"] >> AddNumber()) + (["b"] >> Sum())

    def apply(current: Node, taken: dict[str, Any]) -> dict[str, Any]:
        assert current.operator is not None
        return {column.name: column for column in current.operator.output_schema(Schema(taken.values()))}

    schema = Schema(evaluate(node, {column.name: column for column in raw}, apply).values())
    assert schema.names == ["a", "sum"] and schema["a"].tags == {Tags.USER}
