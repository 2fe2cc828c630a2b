"""HashedCross: what the hash of several columns must and must not do."""

from __future__ import annotations

import itertools

import polars as pl
import pytest

from ops_gpu.operators import HashedCross, Rename
from ops_gpu.schema.column import Domain
from ops_gpu.schema.tags import Tags
from ops_gpu.workflow.workflow import Workflow


def crossed(a: list[object], b: list[object], buckets: int = 1000) -> list[int]:
    frame = pl.DataFrame({"a": a, "b": b}, strict=False)
    return Workflow([["a", "b"]] >> HashedCross(buckets)).fit(frame).transform(frame)["a_X_b"].to_list()


def test_equal_columns_do_not_cancel_and_order_matters() -> None:
    """NVTabular combines by XOR: rows of equal values all get bucket 0, and (1, 2) that of (2, 1)."""
    values: list[object] = list(range(200))
    assert len(set(crossed(values, values))) > 150
    assert crossed([1, 5], [2, 7]) != crossed([2, 7], [1, 5])
    frame = pl.DataFrame({"a": values})
    same = (["a"] + (["a"] >> Rename(name="b"))) >> HashedCross(1000)  # one raw column twice
    assert Workflow(same).fit(frame).transform(frame)["a_X_b"].to_list() == crossed(values, values)


@pytest.mark.parametrize("buckets", [2, 10, 97, 256])
def test_pairs_spread_evenly(buckets: int) -> None:
    pairs = list(itertools.product(range(100), range(100)))
    found = crossed([a for a, _ in pairs], [b for _, b in pairs], buckets)
    counts = pl.Series(found).value_counts()["count"]
    expected = len(pairs) / buckets
    assert len(counts) == buckets
    assert ((counts - expected) ** 2 / expected).sum() < buckets + 6 * (2 * buckets) ** 0.5  # chi squared


def test_values_are_stable_and_types_do_not_matter() -> None:
    assert crossed([1, None, -1], ["a", "b", None]) == [398, 125, 98]
    frame = pl.DataFrame({"a": [3, None], "b": [4, 5]})
    workflow = Workflow([["a", "b"]] >> HashedCross(1000)).fit(frame)
    small = frame.cast(pl.Int8)
    assert workflow.transform(small).equals(workflow.transform(frame))
    alone = frame[1].with_columns(pl.lit(None).alias("a"))  # as a request sends it: of no type
    assert workflow.transform(alone).equals(workflow.transform(frame)[1])


def test_the_schema_says_what_comes_out() -> None:
    node = [["a", "b"], ["b", "a"]] >> HashedCross({"a_X_b": 8, "b_X_a": 5})
    schema = Workflow(node).fit(pl.DataFrame({"a": [1], "b": [2]})).output_schema
    assert schema["a_X_b"].domain == Domain(0, 7, "a_X_b")
    assert schema["b_X_a"].domain == Domain(0, 4, "b_X_a")
    assert schema["a_X_b"].tags == {Tags.CATEGORICAL}
    assert schema["a_X_b"].embedding_dim == 8


def test_a_flat_list_is_one_cross() -> None:
    frame = pl.DataFrame({"a": [1], "b": [2], "c": [3]})
    workflow = Workflow(["a", "b", "c"] >> HashedCross(5)).fit(frame)
    assert workflow.output_columns == ["a_X_b_X_c"]
    with pytest.raises(ValueError, match="nothing can be computed from columns a, b alone"):
        workflow.for_inputs(["a", "b"])


def test_errors() -> None:
    for columns in (["a"], [["a", "b"], "c"], [["a", "a"]]):
        with pytest.raises(ValueError, match="two or more columns, each once"):
            columns >> HashedCross(5)
    with pytest.raises(ValueError, match="num_buckets 0 for 'a_X_b'"):
        crossed([1], [1], 0)
    with pytest.raises(ValueError, match="add that of 'a_X_b'"):
        Workflow(["a", "b"] >> HashedCross({"b": 3})).fit(pl.DataFrame({"a": [1], "b": [2]})).output_schema  # noqa: B018
    with pytest.raises(ValueError, match=r"single values, and column 'a' is of type List\(Int64\)"):
        crossed([[1]], [1])
