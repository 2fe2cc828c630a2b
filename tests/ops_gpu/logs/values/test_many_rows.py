from __future__ import annotations

import polars as pl
import pytest

from ops_gpu.expressions.other_rows import other_rows
from ops_gpu.logs import EntityTable, InteractionLog, LogError, LogSource
from ops_gpu.logs.values.many_rows import many_rows
from ops_gpu.logs.values.row_condition import RowCondition

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
        RowCondition(text, "label")


@pytest.mark.parametrize("text", [text for text in AROUND if "LAST_VALUE" not in text])  # Polars takes its own value
def test_it_is_seen_without_its_name(text: str) -> None:
    """A function of many rows that a later Polars brings, and whose name nobody has listed."""
    assert other_rows(pl.sql_expr(text))


@pytest.mark.parametrize("text", ALONE)
def test_what_looks_at_one_row_is_taken(text: str) -> None:
    assert many_rows(text) is None
    assert not other_rows(pl.sql_expr(text))
    assert RowCondition(text, "label").columns


def test_every_place_of_an_expression_is_looked_at() -> None:
    source = LogSource("x.csv")
    with pytest.raises(LogError, match="label 'a = MAX"):
        InteractionLog(source, "u", "i", "t", label="a = MAX(a)")
    with pytest.raises(LogError, match="filter 'a = MIN"):
        InteractionLog(source, "u", "i", "t", filters=["b > 1", "a = MIN(a)"])
    with pytest.raises(LogError, match="available 'stock > AVG"):
        EntityTable(source, id="id", available="stock > AVG(stock)")


def test_a_name_that_sql_has_for_itself_wants_quotes() -> None:
    with pytest.raises(LogError, match=r"""and a column of the name user in quotes: "user"\."""):
        RowCondition("user <> 'x'", "filter")
    assert RowCondition("\"user\" <> 'x'", "filter").columns == ["user"]
