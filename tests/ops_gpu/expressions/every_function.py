"""Every function that a Polars expression has, called with arguments that it may take."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

import polars as pl

NAMESPACES = ("str", "dt", "list", "arr", "struct", "bin", "cat", "name", "ext")
# Of no interest here: they run code of their own, or make no expression.
LEFT_OUT = {"meta", "pipe", "inspect", "deserialize", "from_json", "register_plugin"}
ARGUMENTS: dict[str, Any] = {
    "pattern": "a",
    "format": "%Y",
    "dtype": pl.Int64,
    "by": pl.col("number"),
    "n": 2,
    "function": lambda values: values,
    "name": "n",
    "names": ["n"],
    "fields": ["a"],
    "every": "1d",
    "separator": "-",
    "prefix": "a",
    "suffix": "b",
    "breaks": [1.0, 2.0],
    "quantiles": [0.5],
    "half_life": "1d",
    "time_unit": "us",
    "time_zone": "UTC",
    "patterns": ["a"],
    "replace_with": ["b"],
    "encoding": "hex",
    "json_path": "$.a",
    "old": [1, 2],
    "new": [3, 4],
    "mapping": {1: 2},
    "dimensions": (-1, 1),
    "shape": (-1, 1),
    "period": "2i",
    "index_column": pl.col("number"),
    "expr": pl.element() * 2,
    "predicate": pl.element() > 1,
    "indices": [0],
    "expr_or_dtype": pl.Int64,
    "time": time(1),
    "value": 1,
    "literal": b"a",
    "lower_bound": 1,
    "upper_bound": 2,
}
OPTIONS: dict[str, dict[str, Any]] = {
    "fill_null": {"value": 1},
    "fill_nan": {"value": 1.0},
    "replace": {"new": [3, 4]},
    "reinterpret": {"signed": True},
    "replace_strict": {"new": [3, 4], "default": 0},
    "clip": {"lower_bound": 1, "upper_bound": 2},
    "to_date": {"format": "%Y-%m-%d"},
    "to_datetime": {"format": "%Y-%m-%d"},
    "to_time": {"format": "%H:%M"},
    "offset_by": {"by": "1d"},
    "get": {"index": 0},
    "split": {"by": "-"},
    "split_exact": {"by": "-"},
    "splitn": {"by": "-"},
    "to_array": {"width": 1},
    "decode": {"strict": False},
    "ewm_mean": {"com": 1},
    "ewm_std": {"com": 1},
    "ewm_var": {"com": 1},
    "to_struct": {"fields": ["a"]},
    "replace_many": {"replace_with": ["b"]},
    "sample": {"n": 4},
}

FRAME = pl.DataFrame(
    {
        "number": [3, 1, 2, 1],
        "float": [0.5, -1.25, 2.0, 0.5],
        "text": ["2024", "ab", "b", "2024"],
        "flag": [True, False, True, True],
        "day": [date(2024, 1, 31), date(2023, 5, 1), date(2024, 2, 29), date(2024, 1, 31)],
        "moment": [datetime(2024, 1, 31, 5, 7), datetime(2023, 5, 1), datetime(2024, 2, 29), datetime(2024, 1, 31)],
        "pause": [timedelta(days=1), timedelta(hours=5), timedelta(0), timedelta(days=1)],
        "numbers": [[1, 2, 2], [3], [5, 4], [1, 2, 2]],
        "texts": [["a", "b"], ["c"], ["a"], ["a", "b"]],
        "bytes": [b"ab", b"b", b"c", b"ab"],
        "digits": ["2024", "1999", "0512", "2024"],
        "date": ["2024-01-31", "2023-05-01", "2024-02-29", "2024-01-31"],
        "clock": ["05:07", "00:00", "12:59", "05:07"],
        "single": [[1], [2], [3], [1]],
    }
).with_columns(
    pl.col("text").cast(pl.Categorical).alias("category"),
    pl.concat_arr("number", "number").alias("array"),
    pl.concat_arr("text", "text").alias("text_array"),
    pl.col("moment").dt.replace_time_zone("Europe/Berlin").alias("zoned"),
)


def _arguments(function: Any, name: str, column: pl.Expr) -> tuple[list[Any], dict[str, Any]]:
    places: list[Any] = []
    named = dict(OPTIONS.get(name, {}))
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind == parameter.VAR_POSITIONAL:
            places.append(column)
        elif parameter.kind != parameter.VAR_KEYWORD and parameter.default is parameter.empty:
            text = "str" in str(parameter.annotation) and "int" not in str(parameter.annotation)
            other = column if parameter.name == "other" else "a" if text else 1
            value = named.pop(parameter.name, ARGUMENTS.get(parameter.name, other))
            if parameter.kind == parameter.KEYWORD_ONLY:
                named[parameter.name] = value
            else:
                places.append(value)
    return places, named


def every_expression(column: pl.Expr) -> Iterator[tuple[str, pl.Expr]]:
    """Expressions by the name of the function that made them."""
    spaces = [("", column), *((f"{space}.", getattr(column, space)) for space in NAMESPACES)]
    for prefix, owner in spaces:
        for name in sorted(set(dir(owner)) - LEFT_OUT):
            function = getattr(owner, name, None)
            if name.startswith("_") or not callable(function):
                continue
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                try:
                    places, named = _arguments(function, name, column)
                    made = function(*places, **named)
                except Exception:
                    continue  # of arguments that are not known here
            if isinstance(made, pl.Expr):
                yield prefix + name, made
