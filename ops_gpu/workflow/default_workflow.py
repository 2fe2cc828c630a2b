"""The workflow that a schema asks for by its tags."""

from __future__ import annotations

from collections.abc import Iterable

from ops_gpu.graph.node import Node
from ops_gpu.operators.categorical.categorify import Categorify
from ops_gpu.operators.columns.add_metadata import AddMetadata
from ops_gpu.operators.continuous.fill_missing import FillMissing
from ops_gpu.operators.continuous.log_op import LogOp
from ops_gpu.operators.continuous.normalize import Normalize
from ops_gpu.schema.column import ColumnSchema
from ops_gpu.schema.schema import Schema
from ops_gpu.schema.tags import Tags

_CODED = (Tags.USER_ID, Tags.ITEM_ID, Tags.CATEGORICAL)


def default_workflow(schema: Schema) -> Node:
    """A graph derived from tags, for those who bring data and no code.

    Ids and categories (lists of them, too) are categorified; columns with one `domain.name` share a
    vocabulary, and so do all user ids and all item ids. Numbers are filled with 0 and normalized, and before
    that put on a logarithmic scale where their property `non_negative` is true. Other columns (times,
    targets, texts without these tags) are left out. One level of learning, so that statistics of days merge.

    Args:
        schema: the raw columns with their tags.

    Returns:
        A node with one column a tagged column, of its name, in the schema's order.

    Raises:
        ValueError: when no column carries a tag that says what to do with it.

    Example:
        >>> workflow = Workflow(default_workflow(schema), schema)
    """
    coded = [c for c in schema if c.tags & set(_CODED) and Tags.TARGET not in c.tags]
    names = {column.name for column in coded}
    numbers = [c for c in schema.select_by_tag(Tags.CONTINUOUS) if c.name not in names | _targets(schema)]
    nodes = [_described(cs) >> Categorify(domain=domain) for domain, cs in _vocabularies(coded).items()]
    heavy = [c for c in numbers if c.properties.get("non_negative")]
    plain = [c for c in numbers if not c.properties.get("non_negative")]
    if plain:
        nodes.append(_described(plain) >> FillMissing(0.0) >> Normalize())
    if heavy:
        nodes.append(_described(heavy) >> FillMissing(0.0) >> LogOp() >> Normalize())
    if not nodes:
        raise ValueError(
            f"no column is tagged {', '.join(_CODED)} or {Tags.CONTINUOUS}; tag one of "
            f"{', '.join(schema.names) or 'none'}."
        )
    ordered = [c.name for c in schema if c.name in names or c in numbers]
    return Node(None, nodes, ordered)


def _targets(schema: Schema) -> set[str]:
    return set(schema.select_by_tag(Tags.TARGET).names)


def _vocabularies(columns: Iterable[ColumnSchema]) -> dict[str | None, list[ColumnSchema]]:
    """Columns by the vocabulary that they share; None for those that share none."""
    shared: dict[str, list[ColumnSchema]] = {}
    first: dict[Tags, str] = {}
    for column in columns:
        tag = next((tag for tag in (Tags.USER_ID, Tags.ITEM_ID) if tag in column.tags), None)
        name = (column.domain and column.domain.name) or (first.setdefault(tag, column.name) if tag else column.name)
        shared.setdefault(name, []).append(column)
    found: dict[str | None, list[ColumnSchema]] = {}
    for name, members in shared.items():
        alone = len(members) == 1 and members[0].name == name
        found.setdefault(None if alone else name, []).extend(members)
    return found


def _described(columns: Iterable[ColumnSchema]) -> Node:
    """Raw columns with the tags and properties that they have in the schema."""
    alike: dict[str, list[ColumnSchema]] = {}
    for column in columns:
        alike.setdefault(f"{sorted(column.tags)} {sorted(column.properties.items())}", []).append(column)
    return Node.of(
        [
            [c.name for c in group] >> AddMetadata(sorted(group[0].tags), dict(group[0].properties))
            for group in alike.values()
        ]
    )
