"""DataStats: counts, moments and cardinalities."""

from __future__ import annotations

import math
from typing import Any

import polars as pl
import pytest

from ops_gpu.operators import DataStats
from ops_gpu.workflow.statistics import Statistics
from ops_gpu.workflow.workflow import Workflow


def stats(frame: pl.DataFrame, column: str = "x") -> dict[str, Any]:
    return dict(Workflow(frame.columns >> DataStats()).fit(frame).output_schema[column].properties["statistics"])


def test_what_is_counted() -> None:
    found = stats(pl.DataFrame({"x": [1.0, 3.0, 3.0, math.nan, None, math.inf, -0.0, 0.0]}))
    assert found["rows"] == 8
    assert found["null_share"] == 0.25
    assert (found["min"], found["max"], found["mean"]) == (0, 3, pytest.approx(1.4))
    assert found["std"] == pytest.approx(pl.Series([1, 3, 3, 0, 0]).std())
    assert found["cardinality"] == 4  # 1, 3, infinity and zero of either sign


def test_texts_lists_and_nothing() -> None:
    frame = pl.DataFrame({"x": ["a", "a", None], "y": [[1, 2], None, [2, None]], "z": [None, None, None]})
    none = dict.fromkeys(["min", "max", "mean", "std"])
    assert stats(frame) == {"rows": 3, "null_share": 1 / 3, **none, "cardinality": 1}
    lists = stats(frame, "y")
    assert (lists["rows"], lists["null_share"], lists["cardinality"]) == (4, 0.25, 2)
    assert lists["mean"] == pytest.approx(5 / 3)
    assert stats(frame, "z")["cardinality"] == 0
    nothing = stats(frame.clear(), "y")
    assert (nothing["rows"], nothing["null_share"], nothing["cardinality"]) == (0, None, 0)


@pytest.mark.parametrize("number", [4095, 4096])
def test_cardinality_is_exact_up_to_the_limit(number: int) -> None:
    assert stats(pl.DataFrame({"x": [*range(number), *range(number)]}))["cardinality"] == number


@pytest.mark.parametrize("number", [4097, 20_000, 300_000])
def test_cardinality_is_estimated_beyond(number: int) -> None:
    for frame in (pl.DataFrame({"x": range(number)}), pl.DataFrame({"x": [f"user {i}" for i in range(number)]})):
        assert stats(frame)["cardinality"] == pytest.approx(number, rel=4 * 0.0157)  # four standard errors


def test_overlapping_parts_count_once() -> None:
    workflow = Workflow(["x"] >> DataStats())
    parts = [pl.DataFrame({"x": range(start, start + 20_000)}) for start in (0, 10_000, 5_000)]
    merged = workflow.finalize(Statistics.merge([workflow.partial(part) for part in parts]))
    whole = stats(pl.concat(parts))
    assert merged.output_schema["x"].properties["statistics"]["cardinality"] == whole["cardinality"]
    assert len(merged.statistics.tables["1"]["distinct x"]) == 4097  # type: ignore[union-attr]


def test_names_that_cannot_be_told_apart() -> None:
    frame = pl.DataFrame({"x": [1], "distinct x": [1]})
    with pytest.raises(ValueError, match="cannot tell 'distinct x' from 'x'"):
        stats(frame)
