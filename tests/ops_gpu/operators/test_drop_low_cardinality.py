"""DropLowCardinality: which columns are marked."""

from __future__ import annotations

import pytest

from ops_gpu.operators import DropLowCardinality
from ops_gpu.schema import ColumnSchema, Domain, Schema, Tags


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
