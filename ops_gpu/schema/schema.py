"""Schema: what every column is, the contract between features, models, Feast, Triton and ensembles."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import polars as pl


DTYPES = (
    "bool",
    "int8",
    "int16",
    "int32",
    "int64",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
    "float32",
    "float64",
    "string",
    "date",
    "datetime",
)
_NUMPY = {"string": "S", "date": "datetime64[D]", "datetime": "datetime64[us]"}


class Tags(StrEnum):
    """What a column means; models, Feast views and default workflows select columns by these."""

    ID = "id"
    USER_ID = "user_id"
    ITEM_ID = "item_id"
    USER = "user"
    ITEM = "item"
    CONTEXT = "context"
    CATEGORICAL = "categorical"
    CONTINUOUS = "continuous"
    LIST = "list"
    SEQUENCE = "sequence"
    TEXT = "text"
    TOKENIZED = "tokenized"
    EMBEDDING = "embedding"
    TIME = "time"
    SESSION = "session"
    SESSION_ID = "session_id"
    TARGET = "target"
    REGRESSION = "regression"
    CLASSIFICATION = "classification"
    BINARY = "binary"
    MULTI_CLASS = "multi_class"


FIRST_CODE = "first_code"
"""Property of coded columns: the code of the first value; those below are for padding and what is unknown."""


@dataclass(frozen=True)
class Domain:
    """The values that a column takes, both ends included; columns with one `name` share a vocabulary.

    Args:
        min: smallest value, or None where unknown.
        max: largest value, or None where unknown.
        name: name of the vocabulary (and so of the embedding table).
    """

    min: int | float | None = None
    max: int | float | None = None
    name: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """The domain as JSON."""
        return {"min": self.min, "max": self.max, "name": self.name}


@dataclass(frozen=True)
class ColumnSchema:
    """One column: its name, type, meaning and limits. Changed copies come from the `with_*` methods.

    Args:
        name: column name.
        dtype: element type, one of `bool`, `int8`..`int64`, `uint8`..`uint64`, `float32`, `float64`,
            `string`, `date`, `datetime` (microseconds, UTC).
        tags: meanings of the column.
        properties: anything else that JSON can hold; `non_negative: true` asks the default workflow for
            `LogOp`.
        is_list: True where each row holds a list of `dtype`.
        domain: limits of the values; for codes from 0 to cardinality - 1.
        embedding_dim: width of the embedding of this column, or None.
        value_count: limits of the list length, or None.

    Raises:
        ValueError: when `dtype` is not one of the above.
    """

    name: str
    dtype: str = "float32"
    tags: frozenset[Tags] = frozenset()
    properties: Mapping[str, Any] = field(default_factory=dict)
    is_list: bool = False
    domain: Domain | None = None
    embedding_dim: int | None = None
    value_count: Domain | None = None

    def __post_init__(self) -> None:
        if self.dtype not in DTYPES:
            raise ValueError(f"column {self.name!r} has dtype {self.dtype!r}; expected one of {', '.join(DTYPES)}.")
        object.__setattr__(self, "tags", frozenset(Tags(tag) for tag in self.tags))

    @property
    def cardinality(self) -> int | None:
        """Number of codes (`domain.max + 1`), or None for a column without an upper limit."""
        return None if self.domain is None or self.domain.max is None else int(self.domain.max) + 1

    @property
    def polars_dtype(self) -> pl.DataType:
        """Type of the column in a Polars frame."""
        import polars as pl

        element = polars_types()[self.dtype]
        return pl.List(element) if self.is_list else element

    @property
    def numpy_dtype(self) -> np.dtype[Any]:
        """Type of the elements in a numpy array; strings are fixed-width bytes (`S`)."""
        import numpy as np

        return np.dtype(_NUMPY.get(self.dtype, self.dtype))

    @classmethod
    def from_polars(cls, name: str, dtype: pl.DataType, tags: Iterable[Tags] = ()) -> ColumnSchema:
        """The schema of a Polars column; a list column gets `Tags.LIST` too."""
        import polars as pl

        if isinstance(dtype, (pl.List, pl.Array)):
            element = ColumnSchema.from_polars(name, dtype.inner)  # type: ignore[arg-type]
            return replace(element, tags=frozenset({*tags, Tags.LIST}), is_list=True)
        # A column of nulls alone fits any type, and says so.
        properties = {"all_null": True} if isinstance(dtype, pl.Null) else {}
        return cls(name, dtype_name(name, dtype), frozenset(tags), properties)

    def with_name(self, name: str) -> ColumnSchema:
        """A copy under another name."""
        return replace(self, name=name)

    def with_dtype(self, dtype: str, is_list: bool | None = None) -> ColumnSchema:
        """A copy of another element type."""
        return replace(self, dtype=dtype, is_list=self.is_list if is_list is None else is_list)

    def with_tags(self, tags: Iterable[Tags | str]) -> ColumnSchema:
        """A copy with these tags added; one that becomes continuous is not categorical any more, and the other way."""
        added = {Tags(tag) for tag in tags}
        kinds = {Tags.CATEGORICAL, Tags.CONTINUOUS}
        return replace(self, tags=(self.tags - kinds if added & kinds else self.tags) | added)

    def without_tags(self, tags: Iterable[Tags | str]) -> ColumnSchema:
        """A copy with these tags removed."""
        return replace(self, tags=self.tags - {Tags(tag) for tag in tags})

    def with_properties(self, properties: Mapping[str, Any]) -> ColumnSchema:
        """A copy with these properties added, or replaced where they exist."""
        return replace(self, properties={**self.properties, **properties})

    def without_properties(self, names: Iterable[str]) -> ColumnSchema:
        """A copy that lacks these properties."""
        taken = set(names)
        return replace(self, properties={name: value for name, value in self.properties.items() if name not in taken})

    def with_domain(self, domain: Domain | None) -> ColumnSchema:
        """A copy with other limits."""
        return replace(self, domain=domain)

    def with_embedding_dim(self, embedding_dim: int | None) -> ColumnSchema:
        """A copy with another embedding width."""
        return replace(self, embedding_dim=embedding_dim)

    def with_value_count(self, value_count: Domain | None) -> ColumnSchema:
        """A copy with other limits of the list length."""
        return replace(self, value_count=value_count)

    def to_dict(self) -> dict[str, Any]:
        """The column as JSON."""
        return {
            "name": self.name,
            "dtype": self.dtype,
            "tags": sorted(tag.value for tag in self.tags),
            "properties": dict(self.properties),
            "is_list": self.is_list,
            "domain": self.domain and self.domain.to_dict(),
            "embedding_dim": self.embedding_dim,
            "value_count": self.value_count and self.value_count.to_dict(),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> ColumnSchema:
        """The column that `to_dict` wrote."""
        domain, value_count = data.get("domain"), data.get("value_count")
        return cls(
            data["name"],
            data["dtype"],
            frozenset(Tags(tag) for tag in data.get("tags", ())),
            dict(data.get("properties", {})),
            bool(data.get("is_list", False)),
            Domain(**domain) if domain else None,
            data.get("embedding_dim"),
            Domain(**value_count) if value_count else None,
        )


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
        wanted = _as_tags(tags)
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
        unwanted = _as_tags(tags)
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
        target = Path(path)
        aside = target.with_name(f".{target.name}.{os.getpid()}")
        aside.write_text(json.dumps(self.to_dict(), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        aside.replace(target)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Schema:
        """Reads the schema that `save` wrote; ValueError where the file holds something else."""
        text = Path(path).read_text(encoding="utf-8")
        try:
            return cls.from_dict(json.loads(text))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"{path} is not a schema ({error}); write it anew with Schema.save.") from error


def dtype_name(column: str, dtype: pl.DataType) -> str:
    """The schema's name of a Polars element type; ValueError for a type that no schema holds."""
    import polars as pl

    if isinstance(dtype, pl.Datetime):
        return "datetime"
    if isinstance(dtype, (pl.Categorical, pl.Enum)):
        return "string"
    if isinstance(dtype, pl.Null):
        return "float64"
    for name, candidate in polars_types().items():
        if dtype == candidate:
            return name
    raise ValueError(
        f"column {column!r} is of type {dtype}; expected booleans, numbers, strings, dates, times or lists "
        "of those: cast it first."
    )


def embedding_dimension(cardinality: int) -> int:
    """Width of an embedding for so many codes: `2 * cardinality ** 0.25`, rounded up to a multiple of 8.

    The rule of Merlin Models' `infer_embedding_dim` (fourth root, Google 2017), from 8 up to 512. It stands
    here once: the schema carries the result, and models read it from there.
    """
    import numpy as np

    return int(min(512, 8 * max(1, np.ceil(2 * cardinality**0.25 / 8))))


def _as_tags(tags: Tags | str | Iterable[Tags | str]) -> set[Tags]:
    return {Tags(tags)} if isinstance(tags, str) else {Tags(tag) for tag in tags}


@cache
def polars_types() -> dict[str, pl.DataType]:
    """Polars' types by our names."""
    import polars as pl

    return {
        "bool": pl.Boolean(),
        "int8": pl.Int8(),
        "int16": pl.Int16(),
        "int32": pl.Int32(),
        "int64": pl.Int64(),
        "uint8": pl.UInt8(),
        "uint16": pl.UInt16(),
        "uint32": pl.UInt32(),
        "uint64": pl.UInt64(),
        "float32": pl.Float32(),
        "float64": pl.Float64(),
        "string": pl.String(),
        "date": pl.Date(),
        "datetime": pl.Datetime("us"),
    }
