"""Row conditions written in SQL over the raw columns of a log."""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ops_gpu.expressions.other_rows import other_rows
from ops_gpu.logs.errors.log_error import LogError, first_line, names
from ops_gpu.logs.values.many_rows import many_rows

if TYPE_CHECKING:
    import polars as pl

_MOST_COLUMNS = 5


@dataclass(frozen=True)
class RowCondition:
    """A yes-or-no question about one row, such as `rating >= 8` or `REGEXP_LIKE(code, '^[0-9]{5}')`.

    Text columns are compared as numbers wherever the expression allows numbers, so that `Quantity > 0` means
    what it says over delimited files; whether it does is decided from the expression alone, never from the
    data, so that two files of one log are judged alike.

    Args:
        text: the SQL expression.
        setting: where it was written (`label`, `filters`), for messages.

    Raises:
        LogError: when the text is no SQL expression, names no column, or looks at other rows than the one it judges.
    """

    text: str
    setting: str

    def __post_init__(self) -> None:
        name = many_rows(self.text)
        if name is None and not self.columns:
            raise LogError(
                f"{self.setting} '{self.text}' names no column; compare one, as in 'rating >= 8'.", keys=self._keys
            )
        name = name or other_rows(self._expression())
        if name is not None:
            raise LogError(
                f"{self.setting} '{self.text}' uses {name}, which looks at many rows, and each row is judged alone; "
                f"compare with a number, or write what it gives into the files as a column of its own.",
                keys=self._keys,
            )

    @property
    def columns(self) -> list[str]:
        """The raw columns it reads, in order of first mention."""
        return list(dict.fromkeys(self._expression().meta.root_names()))

    def mask(self, frame: pl.DataFrame, path: str) -> pl.Series:
        """Asks the question of every row.

        Args:
            frame: raw rows that hold the columns it reads.
            path: the file they come from, for messages.

        Returns:
            Boolean series `[rows]`, null where the row does not tell.

        Raises:
            LogError: when a column is missing, or no reading of the text columns makes sense of it.
        """
        import polars as pl

        missing = [name for name in self.columns if name not in frame.columns]
        if missing:
            raise LogError(
                f"{self.setting} '{self.text}' names the column '{missing[0]}', which '{path}' does not "
                "have; "
                f"found: {names(frame.columns)}."
            )
        values = frame.select(self.columns)
        casts = self._casts(values.schema, path)
        try:
            return values.with_columns(casts).select(self._expression().alias("mask")).to_series()
        except pl.exceptions.PolarsError as error:
            raise LogError(
                f"{self.setting} '{self.text}' fails on the rows of '{path}' ({first_line(error)}); correct it."
            ) from error

    def _casts(self, schema: Mapping[str, pl.DataType], path: str) -> list[pl.Expr]:
        """The first reading of the columns under which the expression is a condition."""
        import polars as pl

        failure = ""
        for reading in self._readings(schema):
            casts = [_cast(name, schema[name], dtype) for name, dtype in reading.items()]
            numbers = [name for name, dtype in reading.items() if dtype.is_float() and schema[name] == pl.String]
            problem = _failure(self._expression(), casts, schema, numbers)
            if not problem:
                return casts
            failure = failure or problem
        shown = ", ".join(f"{name} {schema[name]}" for name in self.columns)
        raise LogError(
            f"{self.setting} '{self.text}' does not apply to the columns of '{path}' ({shown}): {failure}; "
            f"expected a comparison that is true or false for each row."
        )

    def _expression(self) -> pl.Expr:
        import polars as pl

        try:
            return pl.sql_expr(self.text)
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
            raise LogError(
                f"{self.setting} '{self.text}' is not an SQL expression ({first_line(error)}); "
                f"write a comparison of columns, such as 'rating >= 8'{self._hint(str(error))}.",
                keys=self._keys,
            ) from error

    @property
    def _keys(self) -> tuple[str, ...]:
        """Where it stands in the section of the YAML."""
        return (self.setting + "s" * (self.setting == "filter"),)

    def _hint(self, error: str) -> str:
        """Names such as `user` are functions of SQL, unless they are quoted."""
        found = re.search(r"unsupported function '(\w+)'", error)
        if found and not re.search(rf"\b{found[1]}\s*\(", self.text, re.IGNORECASE):
            return f""", and a column of the name {found[1]} in quotes: "{found[1]}\""""
        return ""

    def _readings(self, schema: Mapping[str, pl.DataType]) -> Iterable[dict[str, pl.DataType]]:
        """Types to read the columns as, the most likely combination first."""
        import polars as pl

        texts = [name for name in self.columns if schema[name] == pl.String]
        if len(texts) > _MOST_COLUMNS:
            raise LogError(
                f"{self.setting} '{self.text}' reads {len(texts)} text columns, at most {_MOST_COLUMNS} are "
                f"possible at once; split it into several filters."
            )
        choices = [self._types(name) for name in texts]
        fixed = {name: schema[name] for name in self.columns if name not in texts}
        return (fixed | dict(zip(texts, choice, strict=True)) for choice in itertools.product(*choices))

    def _types(self, column: str) -> list[pl.DataType]:
        import polars as pl

        name = rf"(?<![\w\"])\"?{re.escape(column)}\"?(?![\w\"])"
        if re.search(rf"{name}\s*(=|==|<>|!=|is(\s+not)?)\s*(true|false)\b", self.text, re.IGNORECASE):
            return [pl.Boolean()]
        mentions = len(re.findall(name, self.text))
        nulls = len(re.findall(rf"{name}\s+is\s+(not\s+)?null\b", self.text, re.IGNORECASE))
        # Being null is asked of the text itself: "abc" is there although it is no number.
        return [pl.String()] if mentions == nulls else [pl.Float64(), pl.String()]


def _cast(column: str, found: pl.DataType, wanted: pl.DataType) -> pl.Expr:
    import polars as pl

    value = pl.col(column)
    if wanted.is_float():
        number = value.str.strip_chars().cast(pl.Float64, strict=False) if found == pl.String else value
        # NaN is larger than every number for Polars; here it is no value.
        return number.fill_nan(None)
    if wanted == pl.Boolean and found == pl.String:
        words = {
            "true": True,
            "t": True,
            "yes": True,
            "1": True,
            "false": False,
            "f": False,
            "no": False,
            "0": False,
        }
        lower = value.str.strip_chars().str.to_lowercase()
        return lower.replace_strict(words, default=None, return_dtype=pl.Boolean)
    return value


def _failure(
    expression: pl.Expr, casts: list[pl.Expr], schema: Mapping[str, pl.DataType], numbers: Collection[str]
) -> str:
    """Why the expression is not a condition on single rows over these columns, or an empty text.

    Args:
        expression: what is asked.
        casts: how the columns are read.
        schema: their types.
        numbers: columns of texts that are read as numbers, of which there is one: some functions of texts say only
            then that they take none.
    """
    import polars as pl

    rows = pl.DataFrame({name: [None, "1" if name in numbers else None] for name in schema}, schema=dict(schema))
    try:
        result = rows.with_columns(casts).select(expression.alias("result"))
    except pl.exceptions.PolarsError as error:
        return first_line(error)
    if result.dtypes != [pl.Boolean]:
        return f"its result is {result.dtypes[0]}, not true or false"
    return ""
