"""The differences of two schemas, in sentences that a person reads."""

from __future__ import annotations

from collections.abc import Iterator

from ops_gpu.schema.column import ColumnSchema, Domain
from ops_gpu.schema.column_types import type_words
from ops_gpu.schema.schema import Schema
from ops_gpu.schema.tags import Tags


def differences(before: Schema, after: Schema) -> list[str]:
    """What became of a schema, one sentence a difference; none for equal schemas.

    Args:
        before: the older schema.
        after: the newer one.

    Returns:
        Columns that are gone, columns that are new, what changed in those of both, and their order.
    """
    gone = [f"column {column.name!r} is gone" for column in before if column.name not in after]
    new = [f"column {column.name!r} is new ({_words(column)})" for column in after if column.name not in before]
    kept = [column for column in before if column.name in after]
    changed = [f"column {column.name!r} {change}" for column in kept for change in _changes(column, after[column.name])]
    return [*gone, *new, *changed, *_order(before, after)]


def _changes(old: ColumnSchema, new: ColumnSchema) -> Iterator[str]:
    if type_words(old) != type_words(new):
        yield f"was {type_words(old)} and is {type_words(new)}"
    for verb, tags in (("has the new", new.tags - old.tags), ("lost the", old.tags - new.tags)):
        if tags:
            yield f"{verb} {'tag' if len(tags) == 1 else 'tags'} {', '.join(sorted(tags))}"
    yield from _domain_changes(old, new)
    if old.embedding_dim != new.embedding_dim:
        yield f"had {_embedding(old)} and has {_embedding(new)}"
    if old.value_count != new.value_count:
        yield f"held lists {_range(old.value_count, 'long')} and holds lists {_range(new.value_count, 'long')}"
        yield from _name_changes("list length", old.value_count, new.value_count)
    for name in sorted({*old.properties, *new.properties}):
        yield from _property_changes(name, old, new)


def _domain_changes(old: ColumnSchema, new: ColumnSchema) -> Iterator[str]:
    before, after = old.domain, new.domain
    if (before is None) != (after is None) or _limits(before) != _limits(after):
        sizes = old.cardinality, new.cardinality
        if _coded(old) and _coded(new) and sizes[0] is not None and sizes[1] is not None and sizes[0] != sizes[1]:
            yield f"{'grew' if sizes[1] > sizes[0] else 'shrank'} from {sizes[0]} to {sizes[1]} codes"
        else:
            yield f"had values {_range(before)} and has values {_range(after)}"
    yield from _name_changes("vocabulary", before, after)


def _name_changes(what: str, before: Domain | None, after: Domain | None) -> Iterator[str]:
    names = [domain.name if domain is not None else None for domain in (before, after)]
    if names[0] != names[1]:
        old, new = (f"the {what} {name!r}" if name is not None else f"no named {what}" for name in names)
        yield f"had {old} and has {new}"


def _property_changes(name: str, old: ColumnSchema, new: ColumnSchema) -> Iterator[str]:
    if name not in old.properties:
        yield f"has the new property {name!r}: {new.properties[name]!r}"
    elif name not in new.properties:
        yield f"lost the property {name!r}: {old.properties[name]!r}"
    elif old.properties[name] != new.properties[name]:
        yield f"had property {name!r} {old.properties[name]!r} and has {new.properties[name]!r}"


def _order(before: Schema, after: Schema) -> list[str]:
    """A sentence where the columns of both come in two orders; what is new or gone moves none of the others."""
    old = [name for name in before.names if name in after]
    new = [name for name in after.names if name in before]
    return [f"the columns came as {', '.join(old)} and come as {', '.join(new)}"] if old != new else []


def _coded(column: ColumnSchema) -> bool:
    return Tags.CATEGORICAL in column.tags and column.domain is not None and column.domain.min == 0


def _limits(domain: Domain | None) -> tuple[int | float | None, int | float | None]:
    return (domain.min, domain.max) if domain is not None else (None, None)


def _range(domain: Domain | None, what: str = "") -> str:
    smallest, largest = _limits(domain)
    if smallest is None and largest is None:
        return "of any length" if what else "without limits"
    if smallest is None or largest is None:
        limit = f"of at most {largest}" if smallest is None else f"of at least {smallest}"
    else:
        limit = f"from {smallest} to {largest}"
    return f"{limit} {what}".strip()


def _embedding(column: ColumnSchema) -> str:
    return "no embedding" if column.embedding_dim is None else f"an embedding {column.embedding_dim} wide"


def _words(column: ColumnSchema) -> str:
    return ", ".join([type_words(column), *sorted(column.tags)])
