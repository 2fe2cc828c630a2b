"""How the ids of the log and of a users or items table meet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from ops_gpu.logs.errors.log_error import shown

EXAMPLES = 3
_GAIN = 0.05
"""So much more of the log's ids must be found under another reading for it to be the likely reason."""
_READINGS: tuple[tuple[str, str, str], ...] = (
    (r"[\r\n]+$", "", "a carriage return or line feed at the end"),
    (r"^\s+|\s+$", "", "blanks around"),
    (r"^[\"']+|[\"']+$", "", "quotes around"),
    (r"^(-?)0+(\d)", "${1}${2}", "leading zeros"),
    (r"\.0+$", "", "decimals, such as 17.0 for 17"),
    (r"^\D+|\D+$", "", "letters or signs before or behind the number"),
)
"""Patterns, what they are replaced with, and how the ids then differed."""


@dataclass(frozen=True)
class KnownIds:
    """What the log and a table have in common.

    Args:
        of_log: distinct ids of the log.
        known: how many of them the table has.
        only_log: up to three ids that only the log has, as Python writes them.
        only_table: up to three ids that only the table has.
        likely: what sets the ids of both apart; None where that cannot be seen, or nothing does.
    """

    of_log: int
    known: int
    only_log: Sequence[str] = ()
    only_table: Sequence[str] = ()
    likely: str | None = None

    @classmethod
    def of(cls, log: pl.Series, table: pl.Series) -> KnownIds:
        """Compares the distinct ids of both, of one type."""
        lacking = log.filter(~log.is_in(table.implode())).sort()
        unused = table.filter(~table.is_in(log.implode())).sort()
        known = len(log) - len(lacking)
        many = len(lacking) > _GAIN * len(log)  # else no reading could gain as many
        likely = _likely(lacking, unused, len(log)) if many and len(unused) else None
        return cls(len(log), known, _shown(lacking), _shown(unused), likely)

    @property
    def share(self) -> float:
        """Of the log's ids, those that the table has; 1 where the log has none."""
        return self.known / self.of_log if self.of_log else 1.0

    def to_dict(self) -> dict[str, Any]:
        """As JSON-ready values."""
        lists = {"only_log": list(self.only_log), "only_table": list(self.only_table)}
        return {"of_log": self.of_log, "known": self.known, **lists, "likely": self.likely}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> KnownIds:
        """Back from `to_dict`."""
        return cls(**values)


def _likely(log: pl.Series, table: pl.Series, total: int) -> str | None:
    """The reading under which by far the most of the ids would meet."""
    log_ids, table_ids = log.cast(pl.String), table.cast(pl.String)
    matches = {
        words: _met(log_ids.str.replace_all(pattern, by), table_ids.str.replace_all(pattern, by))
        for pattern, by, words in _READINGS
    }
    matches["capitals"] = _met(log_ids.str.to_lowercase(), table_ids.str.to_lowercase())
    words, count = max(matches.items(), key=lambda pair: pair[1])
    return words if count > _GAIN * total else None


def _met(left: pl.Series, right: pl.Series) -> int:
    """How many of the left are among the right; what nothing is left of is no id."""
    return int(left.filter(left != "").is_in(right.unique().implode()).sum())


def _shown(ids: pl.Series) -> list[str]:
    return [shown(value) for value in ids.head(EXAMPLES).to_list()]
