"""Raw feature columns to the few types that features have."""

from __future__ import annotations

import polars as pl

from ops_gpu.logs.errors.log_error import LogError, shown
from ops_gpu.logs.values.id_values import IdType
from ops_gpu.logs.values.whole_numbers import are_whole, as_text, exact_below
from ops_gpu.primitives.largest import LARGEST


def categorical(values: pl.Series, path: str, kind: IdType | None = None) -> tuple[pl.Series, int]:
    """Categories: integers of 64 bits stay Int64, everything else becomes text; empty text is null.

    Floats that are whole numbers are integers: pandas makes `17.0` of 17 beside a missing value.

    Args:
        values: the raw column.
        path: its file, for messages.
        kind: `integer` or `string` where that was decided for all files; None goes by the type in this one.

    Returns:
        Int64 or String values, and how many are there but are no integer, or infinite.

    Raises:
        LogError: for objects and lists; when none of the values is an integer where these were decided.
    """
    require_flat(values, path, "list it under lists, or leave it out")
    finite, wrong = _finite(values)
    if kind is None:
        kind = "integer" if _are_integers(finite) else "string"
        text = finite if kind == "integer" else as_text(finite)
    else:
        text = as_text(finite) if kind == "string" else finite
    if kind == "integer":
        whole = _whole(finite)
        lost = whole.null_count() - finite.null_count() - _empty(finite)
        _require_some(values, whole, lost + wrong, path, "an integer, as this column has in the other files of the log")
        return whole, lost + wrong
    return text.to_frame("v").select(
        pl.when(pl.col("v").str.len_bytes() > 0).then("v").alias(values.name)
    ).to_series(), wrong


def continuous(values: pl.Series, path: str) -> tuple[pl.Series, int]:
    """Numbers as Float64; dates become days since 1970.

    Args:
        values: the raw column.
        path: its file, for messages.

    Returns:
        Float64 values, NaN as null, and how many values are there but are no numbers, among them those that are
        infinite, or would be in Float32, which models take.

    Raises:
        LogError: when none of the values is a number.
    """
    require_flat(values, path, "leave it out, or write one number a row")
    if values.dtype.is_temporal():
        numbers = values.cast(pl.Datetime("us")).to_physical() / 86_400e6
    elif values.dtype == pl.String:
        numbers = values.str.strip_chars().cast(pl.Float64, strict=False)
    else:
        numbers = values.cast(pl.Float64, strict=False)
    finite, infinite = _finite(numbers, LARGEST["float32"])
    wrong = numbers.null_count() - values.null_count() + infinite
    _require_some(values, finite, wrong, path, "a continuous feature; list it under categorical")
    return finite.alias(values.name), wrong


def listed(values: pl.Series, separator: str, path: str) -> tuple[pl.Series, int]:
    """Lists of categories, from list columns or from text joined by a separator; null becomes an empty list.

    Args:
        values: the raw column.
        separator: what joins the categories of a text.
        path: its file, for messages.

    Returns:
        List[Int64] or List[String] values, without nulls in them, and how many elements were infinite.

    Raises:
        LogError: for objects, and for lists of lists or of objects.
    """
    name = values.name
    if values.dtype == pl.String:
        parts = values.str.split(separator).to_frame("v")
        kept = pl.col("v").list.eval(pl.element().str.strip_chars().filter(pl.element().str.strip_chars() != ""))
        return parts.select(kept.fill_null([]).alias(name)).to_series(), 0
    if isinstance(values.dtype, pl.Array):
        values = values.arr.to_list()
    if not isinstance(values.dtype, pl.List):
        require_flat(values, path, "leave it out")
        finite, wrong = _finite(values)
        texts = as_text(finite)
        lists = texts.reshape((-1, 1)).cast(pl.List(pl.String)) if len(texts) else texts.cast(pl.List(pl.String))
        return _without_nulls(lists, name), wrong
    flat = values.list.explode(empty_as_null=False)
    require_flat(flat.alias(name), path, "leave it out, or write lists of numbers or of texts")
    wrong = int(flat.is_infinite().sum()) if flat.dtype.is_float() else 0
    if flat.dtype.is_float():
        values = values.list.eval(pl.element().filter(pl.element().is_finite()))
    if _are_integers(flat):
        return _without_nulls(values.cast(pl.List(pl.Int64)), name), wrong
    if flat.dtype.is_float():
        return _without_nulls(values.list.eval(pl.element().map_batches(as_text, pl.String)), name), wrong
    return _without_nulls(values.cast(pl.List(pl.String)), name), wrong


def _without_nulls(lists: pl.Series, name: str) -> pl.Series:
    return lists.to_frame("v").select(pl.col("v").list.drop_nulls().fill_null([]).alias(name)).to_series()


def _finite(values: pl.Series, largest: float = LARGEST["float64"]) -> tuple[pl.Series, int]:
    """The same with null for NaN and for numbers beyond the largest, and how many of the latter there are."""
    if not values.dtype.is_float():
        return values, 0
    found = pl.when(pl.col("v").abs() <= largest).then("v").alias(values.name)
    finite = values.to_frame("v").select(found).to_series()
    return finite, finite.null_count() - values.null_count() - int(values.is_nan().sum())


def _whole(values: pl.Series) -> pl.Series:
    """Int64 values, null for what is no integer; `17.0` is 17."""
    if values.dtype == pl.String:
        return values.str.strip_chars().str.replace(r"\.0*$", "").cast(pl.Int64, strict=False)
    if values.dtype.is_float():
        exact = (pl.col("v") == pl.col("v").floor()) & (pl.col("v").abs() < exact_below(values.dtype))
        whole = pl.when(exact).then("v").cast(pl.Int64, strict=False)
        return values.to_frame("v").select(whole.alias(values.name)).to_series()
    return values.cast(pl.Int64, strict=False)


def _empty(values: pl.Series) -> int:
    return int((values.str.strip_chars() == "").sum()) if values.dtype == pl.String else 0


def _are_integers(values: pl.Series) -> bool:
    return are_whole(values) if values.dtype.is_float() else values.dtype.is_integer() and _fits(values)


def _fits(values: pl.Series) -> bool:
    return values.cast(pl.Int64, strict=False).null_count() == values.null_count()


def require_flat(values: pl.Series, path: str, remedy: str) -> None:
    """Refuses objects and lists.

    Args:
        values: a raw column.
        path: its file, for the message.
        remedy: what to do about it.

    Raises:
        LogError: where it holds them.
    """
    if values.dtype.is_nested() or values.dtype == pl.Object:
        held = (
            "objects"
            if isinstance(values.dtype, pl.Struct)
            else "lists"
            if values.dtype.is_nested()
            else "Python objects"
        )
        raise LogError(f"'{path}' holds {held} in the column '{values.name}', expected one value a row; {remedy}.")


def _require_some(values: pl.Series, found: pl.Series, wrong: int, path: str, wanted: str) -> None:
    if wrong and found.null_count() == len(found):
        raise LogError(
            f"'{path}' holds no number in the column '{values.name}', found {shown(values.drop_nulls()[0])}, expected "
            f"{wanted}, or mend the file."
        )
