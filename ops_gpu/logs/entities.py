"""What the columns of a users or items table mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ops_gpu.logs.errors.log_error import LogError
from ops_gpu.logs.files.source import LogSource
from ops_gpu.logs.interactions import check_features
from ops_gpu.logs.values.row_condition import RowCondition


@dataclass(frozen=True)
class EntityTable:
    """A table of users or of items.

    Without files of its own it is derived from the interactions: every id that occurs there, with the earliest
    value of each feature column (a feature must not know what came later) and the most frequent title.

    Args:
        source: the files; None to derive the table from the interactions.
        id: column of the id; not needed for a derived table.
        title: items only: column of a text to show people.
        available: items only: SQL expression that is true for an item that may be recommended now; None: all
            may.
        categorical: feature columns with categories.
        continuous: feature columns with numbers or dates.
        lists: feature columns with several categories a row.
        list_separator: what joins them in text columns.
        only_filters: those of the feature columns that no model reads, but filters do (`serving.filters`).

    Raises:
        LogError: when a setting is missing or an expression cannot be parsed.
    """

    source: LogSource | None = None
    id: str | None = None
    title: str | None = None
    available: str | None = None
    categorical: Sequence[str] = ()
    continuous: Sequence[str] = ()
    lists: Sequence[str] = ()
    list_separator: str = "|"
    only_filters: Sequence[str] = ()

    def __post_init__(self) -> None:
        kinds = {"categorical": self.categorical, "continuous": self.continuous, "lists": self.lists}
        check_features("users or items", kinds)
        if self.source and not self.id:
            raise LogError(f"the table '{self.source.path}' has no id; name the column of its ids as id.")
        if not self.source and (self.lists or self.available):
            raise LogError(
                "a users or items table without a source is derived from the interactions and has no "
                "lists and no "
                "available; give it a source, or leave them out."
            )
        if not self.list_separator:
            raise LogError("list_separator is empty; give the text that joins the values of a list, such as '|'.")
        unknown = [name for name in self.only_filters if name not in self.features]
        if unknown:
            raise LogError(
                f"only_filters names {unknown[0]!r}, which is not listed under categorical, continuous or lists; list "
                f"it there too, which says of what type it is."
            )
        _ = self.condition

    @property
    def features(self) -> list[str]:
        """All feature columns: categorical, continuous, lists."""
        return [*self.categorical, *self.continuous, *self.lists]

    @property
    def model_features(self) -> list[str]:
        """Feature columns that models read."""
        return [name for name in self.features if name not in self.only_filters]

    @property
    def condition(self) -> RowCondition | None:
        """What makes an item available, None when all are."""
        return None if self.available is None else RowCondition(self.available, "available")

    @property
    def reads_log(self) -> bool:
        """Whether it takes more from the interactions than which ids there are."""
        return self.source is None and bool(self.raw_columns)

    @property
    def raw_columns(self) -> list[str]:
        """Every raw column that reading needs."""
        condition = self.condition
        named = [self.id, self.title, *(condition.columns if condition else ()), *self.features]
        return [name for name in dict.fromkeys(named) if name]
