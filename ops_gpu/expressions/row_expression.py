"""RowExpression: what becomes of the columns of a row, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgpack
import polars as pl
from polars.exceptions import PolarsError

from ops_gpu.expressions.reader import Reader
from ops_gpu.expressions.refusals import NotData, NotRowWise, RunsCode
from ops_gpu.expressions.writer import Writer, expression_of

DAMAGE = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError, PolarsError)


@dataclass(frozen=True)
class RowExpression:
    """A Polars expression that goes row by row, as JSON: it can be kept in a file, and runs no code when it is read.

    Polars writes its expressions down as a tree. Of this only those parts are taken that are known to see a single row
    (`ops_gpu.expressions.row_wise`), and constants as plain values: neither Python functions nor plugins have a place
    in it. What is read back is the same expression, bit for bit.

    Args:
        tree: the parts, as JSON.

    Attributes:
        columns: names of the columns that it reads.

    Raises:
        ValueError: when the tree holds anything else.

    Example:
        >>> doubled = RowExpression.of(pl.col("price") * 2)
        >>> doubled.over({"price": "cost"}).meta.root_names()
        ['cost']
    """

    tree: Any
    columns: frozenset[str] = field(init=False, compare=False)

    def __post_init__(self) -> None:
        writer = Writer({})
        try:
            writer.expression(self.tree)
        except DAMAGE as error:
            raise ValueError(
                f"a saved expression is damaged, or of another version ({error}); build it anew."
            ) from error
        object.__setattr__(self, "columns", frozenset(writer.seen))

    @classmethod
    def of(cls, expr: pl.Expr) -> RowExpression:
        """The same expression as data.

        Raises:
            ValueError: when it looks at other rows, reads columns by a pattern, or is not known (`NotRowWise`).
            TypeError: when it runs code, or has a constant or type that is no data.
        """
        try:
            written = msgpack.unpackb(expr.meta.serialize(), strict_map_key=False)
        except Exception as error:  # whatever it throws that a function holds which cannot be written down
            raise RunsCode from error
        try:
            return cls(Reader().expression(written))
        except (NotRowWise, NotData, RunsCode):
            raise
        except DAMAGE as error:
            raise NotData(f"a part of a form of its own ({error})") from error

    def over(self, names: Mapping[str, str], types: Mapping[str, pl.DataType] | None = None) -> pl.Expr:
        """The expression over columns of other names.

        Args:
            names: the name to read in the place of each; those that are not there stay.
            types: types of the columns, by these names. Where they are known, one row is rounded as many are.

        Raises:
            ValueError: when this version of Polars does not know a part of it, or columns are of other types.
        """
        try:
            return expression_of(Writer(names, types).expression(self.tree))
        except (PolarsError, ValueError, TypeError, OverflowError) as error:  # the last of integers of over 64 bits
            raise ValueError(
                f"Polars {pl.__version__} does not take an expression over these columns ({error}); build it anew."
            ) from error
