"""Whether an SQL expression judges each row by itself: what it says of a row must not depend on other rows."""

from __future__ import annotations

import itertools
import json
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import polars as pl

AGGREGATES = (
    "ANY_VALUE|ARRAY_AGG|AVG|BIT_AND|BIT_OR|BIT_XOR|CORR|COUNT|COVAR|COVAR_POP|COVAR_SAMP|CUME_DIST|DENSE_RANK|FIRST|"
    "FIRST_VALUE|GROUP_CONCAT|LAG|LAST|LAST_VALUE|LEAD|LISTAGG|MAX|MEDIAN|MIN|MODE|NTH_VALUE|NTILE|PERCENT_RANK|"
    "QUANTILE|QUANTILE_CONT|QUANTILE_DISC|RANK|ROW_NUMBER|STDDEV|STDDEV_POP|STDDEV_SAMP|STDEV|STDEV_SAMP|STRING_AGG|"
    "SUM|UNNEST|VAR|VARIANCE|VAR_POP|VAR_SAMP"
)
"""Functions of many rows, by their names in SQL."""
_CALL = re.compile(rf"\b({AGGREGATES})\s*\(|\b(OVER)\s*\(|\b(SELECT)\b", re.IGNORECASE)
_QUOTED = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"")
_KINDS = {
    "Agg",
    "Explode",
    "Filter",
    "Gather",
    "Len",
    "Over",
    "Rolling",
    "Slice",
    "Sort",
    "SortBy",
    "SubPlan",
    "Window",
}
"""Parts of a Polars expression that look at many rows."""
_MOST_READINGS = 200

_NUMBERS = ([3, -7, 3, None, 40], [1, 1, 2, None, 2], [2020, 5, 999, None, 6])
_MOMENTS = [datetime(2024, 3, 1), datetime(2023, 1, 5, 6), datetime(2024, 3, 1), None, datetime(2025, 7, 9)]


def many_rows(text: str) -> str | None:
    """The part of an expression that looks at many rows, as it stands in the text; None where there is none known."""
    found = _CALL.search(_QUOTED.sub(lambda quoted: " " * len(quoted[0]), text))
    return next(name.upper() for name in found.groups() if name) if found else None


@lru_cache(maxsize=1024)
def looks_around(text: str) -> bool:
    """Whether a parsed expression looks at many rows, as far as can be told without knowing its columns.

    Args:
        text: an SQL expression that Polars parses.
    """
    import polars as pl

    expression = pl.sql_expr(text)
    if _kinds(expression) & _KINDS:
        return True
    names = list(dict.fromkeys(expression.meta.root_names()))
    for dtypes in _readings(len(names)):
        found = differs(expression, dict(zip(names, dtypes, strict=True)))
        if found is not None:
            return found
    return False


def differs(expression: pl.Expr, schema: Mapping[str, pl.DataType]) -> bool | None:
    """Whether an expression gives for made-up rows together another result than for each of them alone.

    Args:
        expression: of these columns.
        schema: their types.

    Returns:
        None where it does not apply to columns of these types.
    """
    import polars as pl

    try:
        for numbers in _NUMBERS:
            values = {name: _values(dtype, at, numbers) for at, (name, dtype) in enumerate(schema.items())}
            rows = pl.DataFrame(values, strict=False).cast(dict(schema))  # type: ignore[arg-type]
            together = rows.select(expression.alias("result"))
            alone = pl.concat([rows[at : at + 1].select(expression.alias("result")) for at in range(rows.height)])
            if not together.equals(alone):
                return True
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException):
        return None
    return False


def _readings(columns: int) -> Iterator[tuple[Any, ...]]:
    """Types that so many columns may have, the same ones for all first."""
    import polars as pl

    types = (pl.Float64(), pl.String(), pl.Boolean(), pl.Datetime("us"), pl.List(pl.String()), pl.Int64())
    alike = [(dtype,) * columns for dtype in types]
    return itertools.islice(itertools.chain(alike, itertools.product(types, repeat=columns)), _MOST_READINGS)


def _values(dtype: pl.DataType, at: int, numbers: Sequence[int | None]) -> list[Any]:
    """Five values of a type: some equal, one missing, not in order; another turn of them for each column."""
    import polars as pl

    values: list[Any] = list(numbers)
    if dtype == pl.Boolean:
        values = [True, False, True, None, False]
    elif dtype == pl.String:
        values = ["b7", "2", "b7", None, "a"]
    elif dtype.is_temporal():
        values = _MOMENTS
    elif dtype.is_nested():
        values = [["b"], ["a", "c"], [], None, ["d"]]
    return values[at % 5 :] + values[: at % 5]


def _kinds(expression: pl.Expr) -> set[str]:
    """Names of all parts of an expression."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tree = json.loads(expression.meta.serialize(format="json"))
    return set(_names(tree))


def _names(tree: Any) -> Iterator[str]:
    if isinstance(tree, str):
        yield tree
    for key, value in tree.items() if isinstance(tree, dict) else ():
        yield key
        if key not in ("Column", "Literal"):  # what is in there comes from the user
            yield from _names(value)
    for value in tree if isinstance(tree, list) else ():
        yield from _names(value)
