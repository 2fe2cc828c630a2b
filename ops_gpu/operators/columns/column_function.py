"""ColumnFunction: what a function makes of columns, as data where it can be."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from ops_gpu.expressions.row_expression import RowExpression
from ops_gpu.operators.columns.python_function import PythonFunction, imported

OWN = "<column>"
"""Name of the column that the function is applied to, in what it made of it."""


@dataclass(frozen=True)
class ColumnFunction:
    """A function of a column and of others that it declares.

    Args:
        dependency: names of the others.
        reads: names of the columns that it reads, its own as `OWN`.
        python: the function itself; None where only what it made is known.
        expression: what it makes of columns; None where that runs code.
        why: why it is no data; empty where it is.
    """

    dependency: tuple[str, ...]
    reads: frozenset[str]
    python: PythonFunction | None = None
    expression: RowExpression | None = None
    why: str = ""

    @classmethod
    def of(cls, f: Callable[..., Any] | str | Mapping[str, Any], dependency: tuple[str, ...]) -> ColumnFunction:
        """From a function, or what was saved in its place: `module:name`, or what it makes of columns.

        Raises:
            ValueError: when it looks at other rows, or a function is not there.
            TypeError: when it takes other arguments, or gives no expression.
        """
        if isinstance(f, Mapping):
            expression = RowExpression(f.get("expression"))
            return cls(dependency, expression.columns, expression=expression)
        python = PythonFunction(imported(f) if isinstance(f, str) else f, dependency)
        made = python(pl.col(OWN), {name: pl.col(name) for name in dependency})
        try:
            expression = RowExpression.of(made)
        except TypeError as error:
            return cls(dependency, frozenset(made.meta.root_names()), python, why=str(error))
        except ValueError as error:
            raise ValueError(
                f"the function {python} must go row by row, and {error}; other operators learn from rows "
                "(JoinGroupby, Normalize) and look at those of a key (DifferenceLag, Groupby)."
            ) from error
        return cls(dependency, expression.columns, python, expression)

    def over(self, name: str, given: Mapping[str, pl.Expr], types: Mapping[str, pl.DataType]) -> pl.Expr:
        """What it makes of column `name`.

        Args:
            name: of the column.
            given: it and the dependencies, as columns of bare names.
            types: their types.

        Raises:
            ValueError: when it reads another column.
        """
        others = {other: given[other] for other in self.dependency}
        if self.expression is not None:
            columns = {name: given[name], OWN: given[name], **others}
            names = {read: columns[read].meta.output_name() for read in self.reads}
            read = {other: given[other].meta.output_name() for other in (name, *self.dependency)}
            return self.expression.over(names, {bare: types[other] for other, bare in read.items()})
        assert self.python is not None
        made = self.python(given[name], others)
        strangers = set(made.meta.root_names()) - {expr.meta.output_name() for expr in (given[name], *others.values())}
        if strangers:
            raise ValueError(f"the function {self} reads column {name!r} by its name; take it from the first argument.")
        return made

    def saved(self, place: bool) -> Any:
        """What stands for it in a file.

        Args:
            place: whether `module:name` is to stand there, if it has a place; and else what it makes of columns.
        """
        if self.expression is not None and not place:
            return {"expression": self.expression.tree}
        return str(self.python)

    def __repr__(self) -> str:
        return str(self.python) if self.python is not None or self.expression is None else str(self.expression.over({}))
