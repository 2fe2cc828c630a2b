"""DropLowCardinality: which columns are marked."""

from __future__ import annotations

import polars as pl
import pytest

from ops_gpu.graph import Node
from ops_gpu.operator import Operator
from ops_gpu.operators import Categorify, DropLowCardinality, HashBucket
from ops_gpu.schema import ColumnSchema, Domain, Schema, Tags
from ops_gpu.workflow import Workflow


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
    buckets = FRAME.columns >> Categorify(num_buckets=2)
    assert kept(buckets >> DropLowCardinality(5)) == ["two", "three"]


def test_buckets_of_a_hash_are_all_values() -> None:
    hashed = ["one", "two"] >> HashBucket({"one": 3, "two": 4})
    assert kept(hashed >> DropLowCardinality()) == ["two"]


def test_what_an_older_version_saved_drops_what_it_did() -> None:
    older = Operator.from_dict({"operator": "DropLowCardinality", "parameters": {"min_cardinality": 4}})
    assert kept((FRAME.columns >> Categorify()) >> older) == ["one", "two", "three"]
    assert older.to_dict()["parameters"] == {"min_cardinality": 4}
    assert Operator.from_dict(DropLowCardinality().to_dict()) == DropLowCardinality()
