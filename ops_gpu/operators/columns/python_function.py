"""PythonFunction: a function of one's own over columns."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any, TypeVar

import polars as pl

from ops_gpu.primitives.content_hash import hash_json

F = TypeVar("F", bound=Callable[..., Any])


def feature_function(function: F) -> F:
    """Marks a function of a module as one that a saved workflow may name, where it cannot hold what it does.

    That is so for functions whose expressions run Python code (`map_batches`); all others are saved as what they make
    of a column, marked or not.

    Example:
        >>> @feature_function
        ... def soundex(name: pl.Expr) -> pl.Expr:
        ...     return name.map_batches(soundex_of, pl.String, is_elementwise=True)
    """
    function.__feature_function__ = True  # type: ignore[attr-defined]
    return function


class _Frame(dict[str, pl.Expr]):
    """The columns that a function declares beside its own, by name: expressions, as its own column is one."""

    def __missing__(self, name: str) -> pl.Expr:
        there = ", ".join(self) or "none"
        raise ValueError(f"a function reads column {name!r} of its frame, which has {there}; name it in dependency.")


@dataclass(frozen=True)
class PythonFunction:
    """Calls a function `f(column)` or `f(column, frame)`.

    Args:
        function: takes expressions and gives one.
        dependency: names of the columns in the frame.

    Raises:
        TypeError: when it takes other arguments.
    """

    function: Callable[..., Any]
    dependency: tuple[str, ...]

    def __post_init__(self) -> None:
        required, possible = _arguments(self.function)
        if required > 2 or possible < 1:
            raise TypeError(f"{self} takes {required} arguments; expected f(column), or f(column, frame).")
        if required == 2 and not self.dependency:
            raise TypeError(
                f"{self} takes a column and a frame, and nothing says which columns the frame has; name them, as in "
                "LambdaOp(f, dependency=['views'])."
            )

    def __call__(self, column: pl.Expr, others: Mapping[str, pl.Expr]) -> pl.Expr:
        """What it makes of a column; TypeError where that is no expression."""
        wants_frame = bool(self.dependency) and _arguments(self.function)[1] > 1
        result = self.function(column, _Frame(others)) if wants_frame else self.function(column)
        if not isinstance(result, pl.Expr):
            raise TypeError(f"the function {self} gave {type(result).__name__}; it must give a Polars expression.")
        return result

    @property
    def place(self) -> str | None:
        """`module:name` of a function that can be found there again; None for all others."""
        function = self.function
        marked = isinstance(function, FunctionType) and getattr(function, "__feature_function__", False)
        if not isinstance(function, FunctionType) or not marked or function.__module__ == "__main__":
            return None
        module = sys.modules.get(function.__module__)
        found = getattr(module, function.__qualname__, None)
        return f"{function.__module__}:{function.__qualname__}" if found is function else None

    def __repr__(self) -> str:
        """Where it stands; without a place its name, line and a hash of what it does, for it is compared by these."""
        function = self.function
        if self.place is not None or not isinstance(function, FunctionType):
            return self.place or repr(function)
        code = function.__code__
        cells = [repr(cell.cell_contents) for cell in function.__closure__ or ()]
        content = hash_json([_content(code), repr(function.__defaults__), repr(function.__kwdefaults__), cells])
        return f"{function.__qualname__} {Path(code.co_filename).name}:{code.co_firstlineno} {content[:16]}"


def imported(place: str) -> FunctionType:
    """The function at `module:name`; a saved workflow must not make anything be imported."""
    module, _, name = place.partition(":")
    found = getattr(sys.modules.get(module), name, None)
    if not isinstance(found, FunctionType) or PythonFunction(found, ("any",)).place != place:
        raise ValueError(
            f"LambdaOp names the function {place!r}, which is not there; import module {module!r} before loading, "
            "and define the function at its top, marked @feature_function."
        )
    return found


def _arguments(function: Callable[..., Any]) -> tuple[int, int]:
    """How many arguments a function needs by position, and how many it takes."""
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return 1, 1  # one of C, of which nothing is known
    places = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    needed = sum(p.default is p.empty for p in places)
    return needed, 2 if any(p.kind == p.VAR_POSITIONAL for p in parameters) else len(places)


def _content(code: CodeType) -> list[Any]:
    constants = [_content(c) if isinstance(c, CodeType) else repr(c) for c in code.co_consts]
    return [code.co_code.hex(), constants, list(code.co_names), list(code.co_varnames)]
