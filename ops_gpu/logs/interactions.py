"""What the columns of an interaction log mean."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ops_gpu.logs.errors.log_error import LogError, names
from ops_gpu.logs.files.source import LogSource
from ops_gpu.logs.values.identifiers import ID_TYPES
from ops_gpu.logs.values.row_condition import RowCondition
from ops_gpu.logs.values.times import UNITS, TimeUnit, reads_years

CANONICAL = ("user_id", "item_id", "timestamp", "label", "title", "available")

_OURS = re.compile(r"__.*__|\^.*\$|raw:.*", re.DOTALL)
"""Names that reading gives to columns of its own, and those that stand for several."""


@dataclass(frozen=True)
class InteractionLog:
    """Raw events: who did what to which item, when, and whether it counts as liking.

    Args:
        source: the files.
        user: column of the user's id.
        item: column of the item's id.
        time: column of the moment.
        time_unit: what a number in it means (`s`, `ms`, `us`, `ns`), `text`, or `auto`.
        time_format: strptime pattern of times that are text or digits; None for the forms of ISO 8601.
        user_id_type: `integer`, `string`, or `auto`: integer if all ids everywhere are plain integers.
            `17850.0` is an integer only where this, or other files, say so.
        item_id_type: the same for items.
        label: SQL expression that is true for a positive event; None makes every event positive.
        filters: SQL expressions; rows where one of them is not true are left out. A single text counts as
            one.
        unique: columns of which each combination counts once, at its earliest event.
        categorical: further columns to keep, as text (integers where the file types them so).
        continuous: further columns to keep, as Float64.

    Raises:
        LogError: when a setting is unknown or an expression cannot be parsed.
    """

    source: LogSource
    user: str
    item: str
    time: str
    time_unit: TimeUnit = "auto"
    time_format: str | None = None
    user_id_type: str = "auto"
    item_id_type: str = "auto"
    label: str | None = None
    filters: Sequence[str] | str = ()
    unique: Sequence[str] = ()
    categorical: Sequence[str] = ()
    continuous: Sequence[str] = ()

    def __post_init__(self) -> None:
        if self.time_unit not in UNITS:
            raise LogError(f"time_unit is '{self.time_unit}', expected one of {names(UNITS)}.")
        if self.time_format is not None and not reads_years(self.time_format):
            raise LogError(
                f"time_format is '{self.time_format}', expected a strptime pattern that reads a year, such as "
                f'"%d.%m.%Y %H:%M"; correct it, or leave it out for an epoch and ISO 8601.',
                keys=("time_format",),
            )
        for role, kind in (("user", self.user_id_type), ("item", self.item_id_type)):
            if kind not in ID_TYPES:
                raise LogError(
                    f"{role}_id_type is '{kind}', expected one of {names(ID_TYPES)}.", keys=(f"{role}_id_type",)
                )
        sections = {"categorical": self.categorical, "continuous": self.continuous}
        check_features("interactions", sections)
        for section, columns in sections.items():
            for place, name in enumerate(columns):
                if name == "*" or _OURS.fullmatch(name):
                    raise LogError(
                        f"interactions: the column '{name}' has a name that means something else while files are read; "
                        "rename it in the files.",
                        keys=(section, str(place)),
                    )
        # Building the conditions parses the expressions: a wrong one is told before any file is opened.
        _ = self.conditions, self.label_condition

    @property
    def kept(self) -> list[str]:
        """The further columns of the canonical frame, categorical ones first."""
        return [*self.categorical, *self.continuous]

    @property
    def conditions(self) -> list[RowCondition]:
        """The filters."""
        texts = (self.filters,) if isinstance(self.filters, str) else self.filters
        return [self._filter(text, place) for place, text in enumerate(texts)]

    def _filter(self, text: str, place: int) -> RowCondition:
        try:
            return RowCondition(text, "filter")
        except LogError as error:
            if not isinstance(self.filters, str):
                error.keys = (*error.keys, str(place))
            raise

    @property
    def label_condition(self) -> RowCondition | None:
        """What makes an event positive, None when all are."""
        return None if self.label is None else RowCondition(self.label, "label")

    @property
    def raw_columns(self) -> list[str]:
        """Every raw column that reading needs."""
        label = self.label_condition
        conditions = self.conditions + ([label] if label else [])
        named = [name for condition in conditions for name in condition.columns]
        return list(dict.fromkeys([self.user, self.item, self.time, *named, *self.unique, *self.kept]))


def check_features(table: str, sections: Mapping[str, Sequence[str]]) -> None:
    """Refuses feature columns that are named twice or like a canonical column.

    Args:
        table: whose they are.
        sections: names of columns by the setting that lists them.

    Raises:
        LogError: for the first such column, with the keys that lead to it.
    """
    seen: set[str] = set()
    for section, columns in sections.items():
        for place, name in enumerate(columns):
            keys = (section, str(place))
            if name in CANONICAL:
                raise LogError(
                    f"{table}: the feature column '{name}' has the name of a column that we build "
                    f"({names(CANONICAL)}); rename it in the files.",
                    keys=keys,
                )
            if name in seen:
                raise LogError(f"{table}: the column '{name}' is listed twice; list it under one kind only.", keys=keys)
            seen.add(name)
