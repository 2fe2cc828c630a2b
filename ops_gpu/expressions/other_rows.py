"""Whether a condition judges each row by itself: what it says of a row must not depend on other rows."""

from __future__ import annotations

from typing import Any

import msgpack
import polars as pl

from ops_gpu.expressions.grammar import Grammar
from ops_gpu.expressions.refusals import NotData, NotRowWise, RunsCode


class _Look(Grammar):
    """Goes through the parts of an expression that stays as it is."""

    guesses = True

    def column(self, name: str) -> str:
        return name

    def constant(self, body: Any) -> Any:
        return body

    def plain(self, value: Any) -> Any:
        return value


def other_rows(expr: pl.Expr) -> str | None:
    """The first part of an expression that looks at other rows, or is not known to look at one alone.

    A time without a format is taken, though Polars finds the format by looking at the first value: the values of one
    column have one. Constants may be of any type, for nothing is saved here.

    Args:
        expr: any expression.

    Returns:
        Its name, None where each row is judged alone.
    """
    try:
        _Look().expression(msgpack.unpackb(expr.meta.serialize(), strict_map_key=False))
    except NotRowWise as error:
        return error.part
    except RunsCode:
        return "a query or code of its own"
    except NotData:  # a type to cast to that no file holds: that judges a row alone too
        return None
    return None
