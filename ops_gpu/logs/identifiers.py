"""The type of user and item ids: one decision for a whole log and its tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from ops_gpu.logs.errors import LogError, shown
from ops_gpu.logs.id_values import require_ids
from ops_gpu.logs.reading import reading

if TYPE_CHECKING:
    import polars as pl

IdType = Literal["integer", "string"]
ID_TYPES = ("auto", "integer", "string")

# Text that an integer turns into and back without change: no sign but minus, no leading zeros.
_CANONICAL = r"^(0|-?[1-9][0-9]{0,18})$"


@dataclass(frozen=True)
class IdTypes:
    """The types that user ids and item ids, and the categories kept of events, have everywhere in one recommender.

    Args:
        user: `integer` (Int64) or `string` (String).
        item: the same for items.
        kept: the same for categorical columns of the interactions; one that is not named goes by its type in each file.

    Example:
        >>> IdTypes.from_dict(IdTypes(user="integer", item="string").to_dict()).item
        'string'
    """

    user: IdType
    item: IdType
    kept: Mapping[str, IdType] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """As JSON-ready values, to keep the decision beside the data it was made for."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> IdTypes:
        """Back from `to_dict`.

        Raises:
            LogError: when a type is unknown.
        """
        kept = values.get("kept", {})
        for name, kind in {"user": values.get("user"), "item": values.get("item"), **kept}.items():
            if kind not in ("integer", "string"):
                raise LogError(f"id types must give '{name}' as integer or string, got {kind!r}.")
        return cls(values["user"], values["item"], dict(kept))


def id_dtype(kind: IdType) -> pl.DataType:
    """The Polars type of ids of this kind."""
    import polars as pl

    return pl.Int64() if kind == "integer" else pl.String()


def decide(role: str, columns: Iterable[tuple[str, pl.Series]]) -> IdType:
    """The type of ids when nobody has said it: integer only if every value everywhere is a plain integer of 64 bits.

    Args:
        role: `user` or `item`, for messages.
        columns: every column that holds such ids, each with the name of its file.

    Returns:
        `integer` or `string`.

    Raises:
        LogError: when some files type the ids as integers and others hold ids that are none: whether `1` and
            `01` are then the same id is not ours to guess. When a column holds objects, lists, fractions or the like.
    """
    typed: str | None = None
    other: tuple[str, str] | None = None
    wide = False  # integers that 64 bits with a sign do not hold: as text they are all different
    for path, values in columns:
        with reading(path):
            require_ids(values, "string", "auto", role, path)
            wide = wide or _is_wide(values)
            if values.dtype.is_integer():
                typed = typed or path
            elif other is None and (text := _not_integer(values)) is not None:
                other = (path, text)
        if typed and other:
            raise LogError(
                f"'{typed}' holds {role} ids as integers, but '{other[0]}' holds {shown(other[1])}; expected "
                "one type "
                f"everywhere: mend the files, or say {role}_id_type: string (or integer)."
            )
    return "string" if other or wide else "integer"


def _is_wide(values: pl.Series) -> bool:
    import polars as pl

    fits = pl.Int64() if values.dtype in (pl.UInt64, pl.UInt128, pl.Int128) else values.dtype
    return fits != values.dtype and values.cast(fits, strict=False).null_count() > values.null_count()


def _not_integer(values: pl.Series) -> str | None:
    import polars as pl

    texts = values.drop_nulls().cast(pl.String, strict=False)
    wrong = texts.filter(~texts.str.contains(_CANONICAL) | texts.cast(pl.Int64, strict=False).is_null())
    return None if wrong.is_empty() else str(wrong[0])
