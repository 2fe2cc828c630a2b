from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops_gpu.schema.column import ColumnSchema, Domain
from ops_gpu.schema.diff import differences
from ops_gpu.schema.schema import Schema
from ops_gpu.schema.tags import Tags


def column(name: str = "a", **changes: object) -> ColumnSchema:
    return ColumnSchema(name, **changes)  # type: ignore[arg-type]


def codes(size: int, **changes: object) -> ColumnSchema:
    domain = Domain(0, size - 1, "user_id")
    tags = frozenset({Tags.CATEGORICAL})
    return column("user_id", dtype="int32", tags=tags, domain=domain, **changes)


CHANGES: dict[str, tuple[ColumnSchema, ColumnSchema, list[str]]] = {
    "type": (column(dtype="float64"), column(dtype="int64"), ["was float64 and is int64"]),
    "list": (column(dtype="int64"), column(dtype="int64", is_list=True), ["was int64 and is a list of int64"]),
    "grew": (codes(100), codes(120), ["grew from 100 to 120 codes"]),
    "shrank": (codes(120), codes(100), ["shrank from 120 to 100 codes"]),
    "width": (
        codes(9, embedding_dim=8),
        codes(9, embedding_dim=16),
        ["had an embedding 8 wide and has an embedding 16 wide"],
    ),
    "no width": (codes(9), codes(9, embedding_dim=16), ["had no embedding and has an embedding 16 wide"]),
    "limits": (
        column(domain=Domain(0, 10)),
        column(domain=Domain(0.5, None)),
        ["had values from 0 to 10 and has values of at least 0.5"],
    ),
    "no domain": (column(domain=Domain(max=3)), column(), ["had values of at most 3 and has values without limits"]),
    "vocabulary": (
        column(domain=Domain(0, 3, "a")),
        column(domain=Domain(0, 3, "b")),
        ["had the vocabulary 'a' and has the vocabulary 'b'"],
    ),
    "tags": (
        column(tags={Tags.ITEM, Tags.USER}),
        column(tags={Tags.USER_ID, Tags.USER, Tags.ID}),
        ["has the new tags id, user_id", "lost the tag item"],
    ),
    "lengths": (
        column(is_list=True, value_count=Domain(0, 10)),
        column(is_list=True),
        ["held lists from 0 to 10 long and holds lists of any length"],
    ),
    "properties": (
        column(properties={"unit": "€", "old": 1}),
        column(properties={"unit": "$", "new": None}),
        ["has the new property 'new': None", "lost the property 'old': 1", "had property 'unit' '€' and has '$'"],
    ),
}


@pytest.mark.parametrize("case", CHANGES)
def test_a_change_is_a_sentence(case: str) -> None:
    old, new, expected = CHANGES[case]
    assert differences(Schema([old]), Schema([new])) == [f"column {old.name!r} {change}" for change in expected]


def test_columns_that_come_and_go() -> None:
    color = ColumnSchema("color", "string", frozenset({Tags.CATEGORICAL}))
    assert differences(Schema([column("age"), column("b")]), Schema([color, column("b")])) == [
        "column 'age' is gone",
        "column 'color' is new (string, categorical)",
    ]


def test_another_order() -> None:
    old, new = Schema([column("a"), column("b")]), Schema([column("b"), column("new"), column("a")])
    assert differences(old, new)[-1] == "the columns came as a, b and come as b, a"
    assert len(differences(old, new)) == 2


limits = st.none() | st.builds(Domain, st.sampled_from([None, 0, 1]), st.sampled_from([None, 5, 6]), st.just("x"))
columns = st.builds(
    ColumnSchema,
    st.sampled_from("abc"),
    st.sampled_from(["int64", "float32"]),
    st.frozensets(st.sampled_from(list(Tags)), max_size=2),
    st.dictionaries(st.sampled_from("pq"), st.none() | st.integers(0, 1), max_size=2),
    st.booleans(),
    limits,
    st.sampled_from([None, 8, 16]),
    limits,
)
schemas = st.lists(columns, max_size=3, unique_by=lambda c: c.name).map(Schema)


@given(schemas, schemas)
def test_nothing_to_say_means_equal(one: Schema, other: Schema) -> None:
    assert (differences(one, other) == []) == (one == other)
    assert differences(one, one) == []
    assert all(sentence for sentence in differences(one, other))
