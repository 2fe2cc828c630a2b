from __future__ import annotations

import polars as pl
import pytest

from ops_gpu.logs import EntityTable, InteractionLog, LogError, LogSource
from ops_gpu.logs.expressions import Condition
from ops_gpu.logs.row_wise import differs, looks_around, many_rows

AROUND = {
    "rating >= AVG(rating)": "AVG",
    "rating > 3 AND avg (rating) > 1": "AVG",
    "SUM(a) > 1": "SUM",
    "a = MAX(a)": "MAX",
    "MIN(a) < b": "MIN",
    "COUNT(*) > 1": "COUNT",
    "COUNT(DISTINCT a) > 1": "COUNT",
    "a = FIRST(a)": "FIRST",
    "LAST(a) = 1": "LAST",
    "MEDIAN(a) < a": "MEDIAN",
    "STDDEV(a) > 1": "STDDEV",
    "VARIANCE(a) > 1": "VARIANCE",
    "a > QUANTILE_CONT(a, 0.9)": "QUANTILE_CONT",
    "RANK() OVER (PARTITION BY b ORDER BY a) = 1": "RANK",
    "ROW_NUMBER() OVER (ORDER BY a) > 1": "ROW_NUMBER",
    "ROW_NUMBER() > 1": "ROW_NUMBER",
    "LAG(a) OVER (ORDER BY a) > 1": "LAG",
    "CORR(a, b) > 0": "CORR",
    "COVAR(a, b) > 0": "COVAR",
    "ARRAY_AGG(a) IS NULL": "ARRAY_AGG",
    "STRING_AGG(a, ',') = 'x'": "STRING_AGG",
    "UNNEST(a) > 1": "UNNEST",
    "a > (SELECT 1)": "SELECT",
    "SUM(a) FILTER (WHERE a > 1) > 1": "SUM",
    "a > 1 AND (b = 'MAX(x)' OR a = max(a))": "MAX",
    "CASE WHEN a > 1 THEN a = LAST_VALUE(a) OVER (ORDER BY b) ELSE FALSE END": "LAST_VALUE",
}
ALONE = (
    "rating >= 8", "a > 1 AND b IS NOT NULL", "a IN (1, 2)", "a BETWEEN 1 AND 2", "name = 'MAX(x)'", '"SUM(x)" > 1',
    "first > 1", "rank IN (1, 2)", "GREATEST(a, b) > 1", "LEAST(a, b) > 1", "a LIKE 'x%'", "COALESCE(a, b) > ROUND(a)",
    "CASE WHEN a > 1 THEN TRUE ELSE FALSE END", "DATE_PART('year', a) = 2020", "STARTS_WITH(a, 'x')", "clicked",
    "ARRAY_LENGTH(a) > 1", "LENGTH(a) > 3", "UPPER(a) = 'X'", "ABS(a - b) < 1", "a IS NULL", "NOT a", "MOD(a, 2) = 0",
    "REGEXP_LIKE(code, '^[0-9]{5}')", "a || b = 'xy'", "CAST(a AS INT) > 1",
)  # fmt: skip


@pytest.mark.parametrize("text", AROUND)
def test_what_looks_at_many_rows_is_refused_by_name(text: str) -> None:
    assert many_rows(text) == AROUND[text]
    said = rf"label '.*' uses {AROUND[text]}, which looks at many rows, and each row is judged alone"
    with pytest.raises(LogError, match=said):
        Condition(text, "label")


@pytest.mark.parametrize("text", [text for text in AROUND if "LAST_VALUE" not in text])  # Polars takes its own value
def test_it_is_seen_without_its_name(text: str) -> None:
    """A function of many rows that a later Polars brings, and whose name nobody has listed."""
    assert looks_around(text)


@pytest.mark.parametrize("text", ALONE)
def test_what_looks_at_one_row_is_taken(text: str) -> None:
    assert many_rows(text) is None
    assert not looks_around(text)
    assert Condition(text, "label").columns


FUNCTIONS = {
    "shift": pl.col("a").shift(1) > 1,
    "rank": pl.col("a").rank() > 1,
    "reverse": pl.col("a").reverse() > 1,
    "cumulated": pl.col("a").cum_sum() > 3,
    "filled": pl.col("a").fill_null(strategy="forward") > 1,
    "duplicated": pl.col("a").is_duplicated(),
    "first": pl.col("a").is_first_distinct(),
    "number": pl.int_range(pl.len()) > 1,
    "mean": pl.col("a") > pl.col("a").mean(),
    "one value": pl.col("a").max() > 1,
}


@pytest.mark.parametrize("expression", FUNCTIONS.values(), ids=FUNCTIONS.keys())
def test_made_up_rows_tell_functions_that_look_around(expression: pl.Expr) -> None:
    assert differs(expression, {"a": pl.Float64()})


def test_made_up_rows_of_every_type_tell_nothing_else() -> None:
    types = (pl.Int64(), pl.Float32(), pl.String(), pl.Boolean(), pl.Date(), pl.Datetime("ms"), pl.List(pl.String()))
    for dtype in types:
        assert differs(pl.col("a").is_null(), {"a": dtype}) is False
        assert differs(pl.col("a") == pl.col("b"), {"a": dtype, "b": dtype}) is False
    assert differs(pl.col("a") > 1, {"a": pl.List(pl.String())}) is None


def test_every_place_of_an_expression_is_looked_at() -> None:
    source = LogSource("x.csv")
    with pytest.raises(LogError, match="label 'a = MAX"):
        InteractionLog(source, "u", "i", "t", label="a = MAX(a)")
    with pytest.raises(LogError, match="filter 'a = MIN"):
        InteractionLog(source, "u", "i", "t", filters=["b > 1", "a = MIN(a)"])
    with pytest.raises(LogError, match="available 'stock > AVG"):
        EntityTable(source, id="id", available="stock > AVG(stock)")


def test_what_the_names_of_columns_hide_is_told_with_the_file() -> None:
    """A function that no list knows, on a type that is only known with the file."""
    condition = Condition("a > 1", "label")
    around = pl.col("a").is_first_distinct()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Condition, "_expression", lambda self: around)
        with pytest.raises(LogError, match=r"'x\.csv' .*: it looks at many rows instead of judging each"):
            condition.mask(pl.DataFrame({"a": [1, 2]}), "x.csv")


def test_a_name_that_sql_has_for_itself_wants_quotes() -> None:
    with pytest.raises(LogError, match=r"""and a column of the name user in quotes: "user"\."""):
        Condition("user <> 'x'", "filter")
    assert Condition("\"user\" <> 'x'", "filter").columns == ["user"]
