"""Schema: what every column is, the contract between features, models, Feast, Triton and ensembles."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ops_gpu.primitives.atomic_file import write_text
from ops_gpu.schema.column import DTYPES, ColumnSchema
from ops_gpu.schema.tags import Tags, as_tags

if TYPE_CHECKING:
    import polars as pl


class Schema:
    """Columns in order, found by name or tag; never changed in place.

    Args:
        columns: the columns; names must differ.

    Raises:
        ValueError: when a name comes twice.

    Example:
        >>> schema = Schema([ColumnSchema("user_id", "int64", frozenset({Tags.USER_ID}))])
        >>> schema.select_by_tag(Tags.USER_ID).names
        ['user_id']
    """

    def __init__(self, columns: Iterable[ColumnSchema] = ()) -> None:
        self._columns: dict[str, ColumnSchema] = {}
        for column in columns:
            if column.name in self._columns:
                raise ValueError(f"column {column.name!r} comes twice in a schema; rename one of the two.")
            self._columns[column.name] = column

    @classmethod
    def from_polars(
        cls, source: pl.DataFrame | pl.LazyFrame | pl.Schema, tags: Mapping[str, Iterable[Tags]] | None = None
    ) -> Schema:
        """The schema of a frame, with `tags` given by column name."""
        import polars as pl

        types = source if isinstance(source, pl.Schema) else source.lazy().collect_schema()
        chosen = tags or {}
        return cls(ColumnSchema.from_polars(name, kind, chosen.get(name, ())) for name, kind in types.items())

    @property
    def names(self) -> list[str]:
        """Column names in order."""
        return list(self._columns)

    @property
    def polars_schema(self) -> pl.Schema:
        """The types as a Polars schema."""
        import polars as pl

        return pl.Schema({name: column.polars_dtype for name, column in self._columns.items()})

    def __iter__(self) -> Iterator[ColumnSchema]:
        return iter(self._columns.values())

    def __len__(self) -> int:
        return len(self._columns)

    def __contains__(self, name: object) -> bool:
        return name in self._columns

    def __getitem__(self, name: str) -> ColumnSchema:
        if name not in self._columns:
            raise KeyError(f"no column {name!r} in this schema; it has {', '.join(self._columns) or 'none'}.")
        return self._columns[name]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Schema) and list(self) == list(other)

    def __hash__(self) -> int:
        return hash(tuple(self._columns))

    def __repr__(self) -> str:
        return f"Schema({list(self)!r})"

    def __add__(self, other: Schema) -> Schema:
        """Both schemas' columns; a column of both must be the same in both."""
        for column in other:
            if column.name in self and self[column.name] != column:
                raise ValueError(
                    f"column {column.name!r} differs between two schemas: {self[column.name]} and {column}; "
                    "rename one of the two."
                )
        return Schema([*self, *(column for column in other if column.name not in self)])

    def select_by_name(self, names: str | Iterable[str]) -> Schema:
        """The columns of these names, in the order asked; an unknown one raises KeyError."""
        return Schema(self[name] for name in ([names] if isinstance(names, str) else names))

    def select_by_tag(self, tags: Tags | str | Iterable[Tags | str], every: bool = False) -> Schema:
        """The columns that carry any of these tags (all of them where `every`)."""
        wanted = as_tags(tags)
        return Schema(c for c in self if (wanted <= c.tags if every else bool(wanted & c.tags)))

    def select_by_type(self, dtypes: str | Iterable[str]) -> Schema:
        """The columns whose elements are of any of these types, as `ColumnSchema` names them.

        Raises:
            ValueError: for a type that there is not.
        """
        wanted = {dtypes} if isinstance(dtypes, str) else set(dtypes)
        unknown = wanted - set(DTYPES)
        if unknown:
            raise ValueError(f"there is no type {min(unknown)!r}; choose from {', '.join(DTYPES)}.")
        return Schema(column for column in self if column.dtype in wanted)

    def excluding(self, names: str | Iterable[str]) -> Schema:
        """All columns but these names."""
        unwanted = {names} if isinstance(names, str) else set(names)
        return Schema(column for column in self if column.name not in unwanted)

    def excluding_by_tag(self, tags: Tags | str | Iterable[Tags | str]) -> Schema:
        """All columns that carry none of these tags."""
        unwanted = as_tags(tags)
        return Schema(column for column in self if not unwanted & column.tags)

    def first(self, tag: Tags) -> ColumnSchema:
        """The first column with this tag; KeyError where there is none."""
        for column in self:
            if tag in column.tags:
                return column
        raise KeyError(f"no column is tagged {tag.value!r}; tag one of {', '.join(self._columns) or 'none'}.")

    def with_columns(self, columns: Iterable[ColumnSchema]) -> Schema:
        """A copy in which these columns replace those of the same name, or come last."""
        return Schema({**self._columns, **{column.name: column for column in columns}}.values())

    def to_dict(self) -> dict[str, Any]:
        """The schema as JSON."""
        return {"columns": [column.to_dict() for column in self]}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Schema:
        """The schema that `to_dict` wrote."""
        return cls(ColumnSchema.from_dict(column) for column in data["columns"])

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes the schema to a JSON file: aside first, then renamed."""
        write_text(path, json.dumps(self.to_dict(), indent=2, ensure_ascii=False) + "\n")

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Schema:
        """Reads the schema that `save` wrote; ValueError where the file holds something else."""
        text = Path(path).read_text(encoding="utf-8")
        try:
            return cls.from_dict(json.loads(text))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"{path} is not a schema ({error}); write it anew with Schema.save.") from error
