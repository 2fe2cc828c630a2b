from __future__ import annotations

import polars as pl
import pytest

from ops_gpu.graph.node import Node
from ops_gpu.schema.column import ColumnSchema, Domain
from ops_gpu.schema.schema import Schema
from ops_gpu.schema.tags import Tags
from ops_gpu.workflow.default_workflow import default_workflow
from ops_gpu.workflow.workflow import Workflow

FRAME = pl.DataFrame(
    {
        "price": [1.0, None, 100.0],
        "user_id": [5, 5, 6],
        "age": [20.0, 40.0, 30.0],
        "history": [[1], [2, 1], []],
        "item_id": [1, 2, 2],
        "genre": ["a", None, "b"],
        "liked_genre": ["b", "b", "c"],
        "timestamp": [1, 2, 3],
        "label": [True, False, True],
    }
)
GENRE = Domain(name="genre")


def schema() -> Schema:
    tags = {
        "price": [Tags.CONTINUOUS, Tags.ITEM],
        "user_id": [Tags.USER_ID],
        "age": [Tags.CONTINUOUS],
        "history": [Tags.ITEM_ID, Tags.SEQUENCE],
        "item_id": [Tags.ITEM_ID],
        "genre": [Tags.CATEGORICAL, Tags.ITEM],
        "liked_genre": [Tags.CATEGORICAL, Tags.USER],
        "timestamp": [Tags.TIME],
        "label": [Tags.TARGET, Tags.CONTINUOUS],
    }
    found = Schema.from_polars(FRAME, tags)
    return found.with_columns(
        [
            found["price"].with_properties({"non_negative": True}),
            found["genre"].with_domain(GENRE),
            found["liked_genre"].with_domain(GENRE),
        ]
    )


def test_tags_decide() -> None:
    workflow = Workflow(default_workflow(schema())).fit(FRAME)
    found = workflow.output_schema
    assert found.names == ["price", "user_id", "age", "history", "item_id", "genre", "liked_genre"]
    assert {c.name: c.dtype for c in found if Tags.CONTINUOUS in c.tags} == {
        "price": "float32",
        "age": "float32",
    }
    assert found["history"].domain == found["item_id"].domain
    assert found["genre"].domain == found["liked_genre"].domain
    assert Tags.SEQUENCE in found["history"].tags
    assert Tags.ITEM in found["genre"].tags
    assert workflow.transform(FRAME)["genre"].to_list() == [4, 1, 3]


def test_heavy_tails_are_put_on_a_logarithmic_scale() -> None:
    found = Workflow(default_workflow(schema())).fit(FRAME).transform(FRAME)
    assert found["price"].to_list() == pytest.approx([-0.45, -0.7, 1.15], abs=0.05)
    assert found["age"].to_list() == pytest.approx([-1, 1, 0])


def test_one_level_and_json() -> None:
    node = default_workflow(schema())
    Workflow(node).partial(FRAME)
    assert Node.from_dict(node.to_dict()).to_dict() == node.to_dict()


def test_nothing_tagged_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"no column is tagged user_id.*tag one of a"):
        default_workflow(Schema([ColumnSchema("a")]))
