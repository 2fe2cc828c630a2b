"""Grammar: the parts of Polars expressions that go row by row."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from ops_gpu.expressions.parts import check_function, check_type, is_literal, of_type, single
from ops_gpu.expressions.refusals import NotRowWise
from ops_gpu.expressions.row_wise import AGGREGATIONS, LOOKUPS, OPERATORS


class Grammar(ABC):
    """Goes through the parts of an expression, each of them checked, and gives a tree of the same form.

    Attributes:
        guesses: whether times may be read without a format.
    """

    guesses: ClassVar[bool] = False

    def expression(self, node: Any, in_list: bool = False) -> Any:
        """A part and all below it.

        Args:
            node: a mapping from its kind to what belongs to it, as Polars writes it down.
            in_list: whether it is applied to the elements of one list.

        Raises:
            ValueError: when a part looks at other rows or is not known (`NotRowWise`).
            TypeError: when it runs code (`RunsCode`), or has no form as data (`NotData`).
        """
        if node == "Element" and in_list:
            return node
        kind, body = single(node)
        rule = RULES.get(kind) or (RULES_WITHIN_LISTS.get(kind) if in_list else None)
        if rule is None:
            raise NotRowWise(kind)
        return {kind: rule(self, body, in_list)}

    def _column(self, name: Any, in_list: bool) -> Any:
        # Within lists, Polars calls the list itself by an empty name.
        return name if in_list and name == "" else self.column(of_type(str, name))

    def _literal(self, body: Any, in_list: bool) -> Any:
        form, value = single(body)
        if form == "Series" or (form == "Values" and not value["scalar"]):
            raise NotRowWise("a constant with a value a row")
        return self.constant(body)

    def _alias(self, body: Any, in_list: bool) -> Any:
        inner, name = body
        return [self.expression(inner, in_list), of_type(str, name)]

    def _binary(self, body: Any, in_list: bool) -> Any:
        if body["op"] not in OPERATORS:
            raise NotRowWise(str(body["op"]))
        left, right = (self.expression(body[side], in_list) for side in ("left", "right"))
        return self.binary(left, body["op"], right, in_list)

    def _cast(self, body: Any, in_list: bool) -> Any:
        inner = self.expression(body["expr"], in_list)
        return {"expr": inner, "dtype": check_type(body["dtype"]), "options": of_type(str, body["options"])}

    def _ternary(self, body: Any, in_list: bool) -> Any:
        return {part: self.expression(body[part], in_list) for part in ("predicate", "truthy", "falsy")}

    def _function(self, body: Any, in_list: bool) -> Any:
        function, (first, *more) = body["function"], body["input"]
        name = check_function(function, in_list, self.guesses)
        constant = [name in LOOKUPS and place < 2 and is_literal(part) for place, part in enumerate(more)]
        if name in LOOKUPS and not all(constant[:2]):
            raise NotRowWise(f"{name} of another column")
        inputs = [self.expression(first, in_list)]
        for part, taken in zip(more, constant, strict=True):
            inputs.append({"Literal": self.constant(part["Literal"])} if taken else self.expression(part, in_list))
        return {"input": inputs, "function": self.plain(function)}

    def _eval(self, body: Any, in_list: bool) -> Any:
        variant = body["variant"]
        if variant not in ("List", "ListAgg", "ArrayAgg") and single(variant)[0] != "Array":
            raise NotRowWise(single(variant)[0])
        lists, inner = self.expression(body["expr"], in_list), self.expression(body["evaluation"], True)
        return {"expr": lists, "evaluation": inner, "variant": self.plain(variant)}

    def _aggregation(self, body: Any, in_list: bool) -> Any:
        name, inner = single(body)
        if name not in AGGREGATIONS:
            raise NotRowWise(name)
        if isinstance(inner, Mapping) and "input" in inner:
            return {name: self._parts(inner, "input")}
        if isinstance(inner, Sequence) and not isinstance(inner, str):
            return {name: [self.expression(inner[0], True), *(self.plain(value) for value in inner[1:])]}
        return {name: self.expression(inner, True)}

    def _ordered(self, body: Any, in_list: bool) -> Any:
        return self._parts(body, "expr", "input", "by", "offset", "length", "idx")

    def _parts(self, body: Mapping[str, Any], *parts: str) -> dict[str, Any]:
        """Of these names expressions, of all others parameters."""
        return {
            name: self.expression(value, True) if name in parts else self.plain(value) for name, value in body.items()
        }

    def binary(self, left: Any, op: str, right: Any, in_list: bool) -> Any:
        """An operation on two parts."""
        return {"left": left, "op": op, "right": right}

    @abstractmethod
    def column(self, name: str) -> str:
        """The name of a column."""

    @abstractmethod
    def constant(self, body: Any) -> Any:
        """A constant."""

    @abstractmethod
    def plain(self, value: Any) -> Any:
        """A parameter: numbers, texts, and lists and mappings of them."""


Rule = Callable[[Grammar, Any, bool], Any]
RULES: Mapping[str, Rule] = {
    "Column": Grammar._column,
    "Literal": Grammar._literal,
    "Alias": Grammar._alias,
    "BinaryExpr": Grammar._binary,
    "Cast": Grammar._cast,
    "Ternary": Grammar._ternary,
    "Function": Grammar._function,
    "Eval": Grammar._eval,
}
RULES_WITHIN_LISTS: Mapping[str, Rule] = {
    "Agg": Grammar._aggregation,
    "Sort": Grammar._ordered,
    "Filter": Grammar._ordered,
    "Slice": Grammar._ordered,
    "Gather": Grammar._ordered,
}
