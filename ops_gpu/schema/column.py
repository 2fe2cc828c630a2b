"""ColumnSchema: what one column is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING, Any

from ops_gpu.schema.tags import Tags

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


FIRST_CODE = "first_code"
"""Property of coded columns: the code of the first value; those below are for padding and what is unknown."""


@dataclass(frozen=True)
class Domain:
    """The values that a column takes, both ends included; columns with one `name` share a vocabulary.

    Args:
        min: smallest value, or None where unknown.
        max: largest value, or None where unknown.
        name: name of the vocabulary (and so of the embedding table).

    Example:
        >>> Domain(0, 99, name="city").max
        99
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

    Example:
        >>> city = ColumnSchema("city", "int32", frozenset({Tags.CATEGORICAL}), domain=Domain(0, 99))
        >>> city.cardinality
        100
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
