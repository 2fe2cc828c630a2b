"""Functions, types and shapes of parts of expressions, checked against those that go row by row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ops_gpu.expressions.refusals import NotData, NotRowWise, RunsCode
from ops_gpu.expressions.row_wise import FUNCTIONS, NAMESPACES, TYPES, WITHIN_LISTS

GUESSED_FORMAT = "a time without a format, which is found by looking at others"
CODE = frozenset({"AnonymousFunction", "AnonymousAgg", "FfiPlugin", "SubPlan"})


def single(node: Any) -> tuple[str, Any]:
    """Kind and content of a part, which is a mapping of one name."""
    if not isinstance(node, Mapping) or len(node) != 1:
        raise NotRowWise(node if isinstance(node, str) else type(node).__name__)
    ((kind, body),) = node.items()
    if kind in CODE:
        raise RunsCode
    return of_type(str, kind), body


def of_type(types: Any, value: Any) -> Any:
    """A value of one of these types; `NotData` where it is another."""
    if not isinstance(value, types):
        raise NotData(f"a parameter of type {type(value).__name__}")
    return value


def is_literal(node: Any) -> bool:
    """Whether a part is a constant."""
    return isinstance(node, Mapping) and "Literal" in node


def check_function(function: Any, in_list: bool, guesses: bool = False) -> str:
    """The name of a function, within its namespace; `NotRowWise` where it is not known to see a single row."""
    name, parameters = _named(function)
    if name in NAMESPACES:
        inner, parameters = _named(parameters)
        if inner not in NAMESPACES[name]:
            raise NotRowWise(inner)
        if inner == "Strptime" and parameters[1]["format"] is None and not guesses:
            raise NotRowWise(GUESSED_FORMAT)
        return inner
    if name not in FUNCTIONS and not (in_list and name in WITHIN_LISTS):
        raise NotRowWise(name)
    if name == "FillNullWithStrategy" and parameters not in ("Zero", "One"):
        raise NotRowWise(f"fill_null with strategy {parameters}")
    return name


def _named(function: Any) -> tuple[str, Any]:
    """Name and parameters of a function, which stands alone where it has none."""
    return (function, None) if isinstance(function, str) else single(function)


def check_type(node: Any) -> Any:
    """A type to cast to, as it is; `NotData` where no column may have it."""
    form, dtype = single(node)
    if form != "Literal":
        raise NotData(f"a type that is a {form}")
    _check_type(dtype)
    return node


def _check_type(dtype: Any) -> None:
    if isinstance(dtype, str):
        if dtype not in TYPES:
            raise NotData(f"the type {dtype}")
        return
    kind, body = single(dtype)
    if kind in ("List", "Array"):
        _check_type(body if kind == "List" else body[0])
    elif kind not in ("Datetime", "Duration", "Decimal"):
        raise NotData(f"the type {kind}")
