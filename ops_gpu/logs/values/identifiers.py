"""The type of user and item ids: one decision for a whole log and its tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from ops_gpu.logs.errors.log_error import LogError, shown
from ops_gpu.logs.errors.reading import reading
from ops_gpu.logs.values.id_values import NO_VALUE, IdType, require_ids

if TYPE_CHECKING:
    import polars as pl

ID_TYPES = ("auto", "integer", "string")

# Text that an integer turns into and back without change: no sign but minus, no leading zeros.
_CANONICAL = r"^(0|-?[1-9][0-9]{0,18})$"
# Other text that `canonical_ids` takes for an integer.
_UNCLEAR = r"^\s*[+-]?[0-9]+(\.0*)?\s*$"


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


@dataclass(frozen=True)
class _Vote:
    """What the ids of one file are.

    Args:
        path: the file.
        kind: `typed` and `wide` integers, `plain` ones written as text, `whole` numbers among floats, other `text`,
            something `odd`, or `nothing`.
        example: of text, the first one that is no plain integer.
        error: why odd ids and whole numbers are none by themselves.
        unclear: whether one of the texts is an integer that is not written plainly, such as `01`.
    """

    path: str
    kind: str
    example: str = ""
    error: LogError | None = None
    unclear: bool = False


def decide(role: str, columns: Iterable[tuple[str, pl.Series]], tables: Iterable[tuple[str, pl.Series]] = ()) -> IdType:
    """The type of ids when nobody has said it: integer only if every value everywhere is a plain integer of 64 bits.

    A file of the log that holds something else than most others has no vote: texts among integers fail their own days,
    integers among texts are texts. Whole numbers of floats, which pandas makes of integers beside a missing one, are
    integers where other files say so.

    Args:
        role: `user` or `item`, for messages.
        columns: every column of the log that holds such ids, each with the name of its file.
        tables: the same of the users or items table; each file of it must agree.

    Returns:
        `integer` or `string`.

    Raises:
        LogError: when as many files type the ids as integers as others hold ids that are none, when one of these is
            written like `01`, or a table contradicts the log: whether `1` and `01` are then the same id is not ours to
            guess. When the columns of all files hold
            objects, lists, fractions or the like, or that of a table does.
    """
    log = [_vote(role, path, values) for path, values in columns]
    errors = [vote.error for vote in log if vote.error is not None]
    agreed = _most([vote for vote in log if vote.error is None and vote.kind != "nothing"])
    if errors and not agreed:
        raise errors[0]
    votes = agreed + [_vote(role, path, values) for path, values in tables]
    typed = [vote.path for vote in votes if vote.kind in ("typed", "wide")]
    texts = [vote for vote in votes if vote.kind == "text"]
    if typed and texts:
        raise LogError(
            f"'{typed[0]}' holds {role} ids as integers, but '{texts[0].path}' holds {shown(texts[0].example)}; "
            f"expected one type everywhere: mend the files, or say {role}_id_type: string (or integer)."
        )
    kind: IdType = "string" if texts or any(vote.kind == "wide" for vote in votes) else "integer"
    for vote in votes:
        if vote.kind == "odd" or (vote.kind == "whole" and not (typed and kind == "integer")):
            assert vote.error is not None
            raise vote.error
    return kind


def _most(votes: list[_Vote]) -> list[_Vote]:
    """The votes without those of the files that most others contradict."""
    typed = [vote for vote in votes if vote.kind in ("typed", "wide")]
    texts = [vote for vote in votes if vote.kind == "text"]
    if len(typed) == len(texts) or any(vote.unclear for vote in texts):  # whether `01` is 1 nobody has said
        return votes
    fewer = ("text",) if len(texts) < len(typed) else ("typed", "wide")
    return [vote for vote in votes if vote.kind not in fewer]


def _vote(role: str, path: str, values: pl.Series) -> _Vote:
    import polars as pl

    from ops_gpu.logs.values.whole_numbers import are_whole

    if values.dtype == pl.String:
        values = values.filter(~values.str.starts_with(NO_VALUE))
    try:
        with reading(path):
            if values.null_count() == len(values) and not values.dtype.is_nested():
                return _Vote(path, "nothing")
            require_ids(values, "string", "auto", role, path)
            if values.dtype.is_integer():
                return _Vote(path, "wide" if _is_wide(values) else "typed")
            if values.dtype.is_float():  # of NaN alone
                return _Vote(path, "nothing")
            wrong = _not_integers(values)
    except LogError as error:
        return _Vote(path, "whole" if values.dtype.is_float() and are_whole(values) else "odd", error=error)
    if wrong.is_empty():
        return _Vote(path, "plain")
    return _Vote(path, "text", str(wrong[0]), unclear=bool(wrong.str.contains(_UNCLEAR).any()))


def _is_wide(values: pl.Series) -> bool:
    import polars as pl

    fits = pl.Int64() if values.dtype in (pl.UInt64, pl.UInt128, pl.Int128) else values.dtype
    return fits != values.dtype and values.cast(fits, strict=False).null_count() > values.null_count()


def _not_integers(values: pl.Series) -> pl.Series:
    """The texts that are no plain integers."""
    import polars as pl

    texts = values.drop_nulls().cast(pl.String, strict=False)
    return texts.filter(~texts.str.contains(_CANONICAL) | texts.cast(pl.Int64, strict=False).is_null())
