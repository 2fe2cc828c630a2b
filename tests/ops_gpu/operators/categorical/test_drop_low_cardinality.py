"""DropLowCardinality: which columns are marked."""

from __future__ import annotations

import polars as pl
import pytest

from ops_gpu.graph.node import Node
from ops_gpu.graph.operator import Operator
from ops_gpu.operators import Bucketize, Categorify, DropLowCardinality, HashBucket, HashedCross
from ops_gpu.schema.column import ColumnSchema, Domain
from ops_gpu.schema.schema import Schema
from ops_gpu.schema.tags import Tags
from ops_gpu.workflow.workflow import Workflow


@pytest.mark.parametrize(
    ("tag", "domain", "dropped"),
    [
        (Tags.CATEGORICAL, Domain(0, 2), True),
        (Tags.CATEGORICAL, Domain(0, 3), False),
        (Tags.CATEGORICAL, Domain(0, 0), True),
        (Tags.CATEGORICAL, Domain(0, None), False),
        (Tags.CATEGORICAL, None, False),
        (Tags.CONTINUOUS, Domain(0, 2), False),
    ],
)
def test_known_and_small_categories_are_marked(tag: Tags, domain: Domain | None, dropped: bool) -> None:
    column = ColumnSchema("x", "int32", frozenset({tag}), domain=domain)
    found = DropLowCardinality(min_cardinality=4).output_schema(Schema([column]))["x"]
    assert found.properties == ({"dropped": True} if dropped else {})


FRAME = pl.DataFrame({"one": ["a"] * 5, "two": ["a"] * 4 + ["b"], "three": list("aabbc"), "null": [None] * 5})


def kept(node: Node) -> list[str]:
    workflow = Workflow(node).fit(FRAME)
    assert workflow.transform(FRAME).columns == workflow.output_schema.names
    return workflow.output_columns


def test_a_column_of_one_value_goes_by_default() -> None:
    """Padding, which no value has, does not count; NVTabular compares the highest code with `min_cardinality`."""
    coded = FRAME.columns >> Categorify()
    assert kept(coded >> DropLowCardinality()) == ["two", "three"]
    assert kept(coded >> DropLowCardinality) == ["two", "three"]
    assert [kept(coded >> DropLowCardinality(least)) for least in (2, 3, 5, 6)] == [
        FRAME.columns,
        ["one", "two", "three"],
        ["three"],
        [],
    ]


@pytest.mark.parametrize("buckets", [None, 1, 2, 10])
@pytest.mark.parametrize("limit", [0, 1])
def test_buckets_of_what_is_out_of_the_vocabulary_are_no_values(buckets: int | None, limit: int) -> None:
    coded = FRAME.columns >> Categorify(num_buckets=buckets, freq_threshold=limit)
    assert set(kept(coded >> DropLowCardinality())) - {"null"} == {"two", "three"}
    if not limit:
        assert kept(coded >> DropLowCardinality()) == ["two", "three"]


def test_buckets_that_hold_all_values_are_values() -> None:
    for limit in ({"max_size": 12}, {"freq_threshold": 6}):
        assert kept(["three"] >> Categorify(num_buckets=10, **limit) >> DropLowCardinality()) == ["three"]


def test_codes_without_null_or_unknown_are_all_values() -> None:
    hashed = ["one", "two"] >> HashBucket({"one": 1, "two": 2})
    assert kept(hashed >> DropLowCardinality()) == ["two"]
    assert kept(hashed >> DropLowCardinality(2)) == ["two"]
    crossed = [["one", "two"]] >> HashedCross(2)
    assert kept(crossed >> DropLowCardinality()) == ["one_X_two"]
    coded = ["three"] >> Categorify()
    assert kept(coded >> HashBucket(3) >> DropLowCardinality()) == ["three"]
    assert kept(coded >> Bucketize([4]) >> DropLowCardinality()) == ["three"]


def test_what_an_older_version_saved_drops_what_it_did() -> None:
    older = Operator.from_dict({"operator": "DropLowCardinality", "parameters": {"min_cardinality": 4}})
    assert kept((FRAME.columns >> Categorify()) >> older) == ["one", "two", "three"]
    assert older.to_dict()["parameters"] == {"min_cardinality": 4}
    assert Operator.from_dict(DropLowCardinality().to_dict()) == DropLowCardinality()
    without_padding = Operator.from_dict(
        {"operator": "DropLowCardinality", "parameters": {"min_cardinality": 4, "padding": False}}
    )
    assert kept((FRAME.columns >> Categorify()) >> without_padding) == ["two", "three"]
