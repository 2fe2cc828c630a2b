"""What reading a raw log left out, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ops_gpu.logs.values.id_values import PROBLEMS

if TYPE_CHECKING:
    from ops_gpu.logs.values.known_ids import KnownIds

# Why a row cannot be used, in the order in which a row is examined.
UNUSABLE = (
    "too_many_fields",
    "null_user",
    "null_item",
    *(f"{role}_{problem}" for role in ("user", "item") for problem in PROBLEMS),
    "null_time",
    "unreadable_time",
    "time_alone",
    "time_ahead",
    "null_label",
    "null_id",
    *(f"id_{problem}" for problem in PROBLEMS),
)


@dataclass(frozen=True)
class CleanReport:
    """Counts of rows: read = kept + dropped + filtered + duplicates + other_days.

    Args:
        rows_read: rows in the files that were opened.
        rows_kept: rows in the frame that came back.
        dropped: rows that cannot be used, by reason (one of `UNUSABLE`); each row counts once.
        filtered: rows that the declared filters leave out.
        duplicates: rows beyond the first of their declared unique combination, or of their id.
        other_days: good rows of days that were not asked for.
        added: ids known from the interactions alone, appended to a users or items table.
        unreadable_values: feature values that are no numbers and became null, by column.
        examples: for a reason, the first value it was found in, with its file.
        unread_files: why a file of the log was passed over, by path.
        known: how the ids of the log and of a users or items table meet; None where the table follows from the log.
    """

    rows_read: int = 0
    rows_kept: int = 0
    dropped: Mapping[str, int] = field(default_factory=dict)
    filtered: int = 0
    duplicates: int = 0
    other_days: int = 0
    added: int = 0
    unreadable_values: Mapping[str, int] = field(default_factory=dict)
    examples: Mapping[str, str] = field(default_factory=dict)
    unread_files: Mapping[str, str] = field(default_factory=dict)
    known: KnownIds | None = None

    @property
    def unusable(self) -> int:
        """Rows that cannot be used, over all reasons."""
        return sum(self.dropped.values())

    @property
    def unusable_share(self) -> float:
        """Unusable rows as a share of those that were meant to be used (filtered rows are not)."""
        meant = self.rows_read - self.filtered
        return self.unusable / meant if meant else 0.0

    def plus(self, other: CleanReport) -> CleanReport:
        """The account of both, where neither is of a table; of two first values that of this one."""
        return CleanReport(
            rows_read=self.rows_read + other.rows_read,
            rows_kept=self.rows_kept + other.rows_kept,
            dropped=dict(Counter(self.dropped) + Counter(other.dropped)),
            filtered=self.filtered + other.filtered,
            duplicates=self.duplicates + other.duplicates,
            other_days=self.other_days + other.other_days,
            added=self.added + other.added,
            unreadable_values=dict(Counter(self.unreadable_values) + Counter(other.unreadable_values)),
            examples={**other.examples, **self.examples},
            unread_files={**other.unread_files, **self.unread_files},
        )

    def to_dict(self) -> dict[str, Any]:
        """As JSON-ready values, for metadata."""
        return {
            "rows_read": self.rows_read,
            "rows_kept": self.rows_kept,
            "dropped": dict(self.dropped),
            "filtered": self.filtered,
            "duplicates": self.duplicates,
            "other_days": self.other_days,
            "added": self.added,
            "unreadable_values": dict(self.unreadable_values),
            "unusable_share": self.unusable_share,
            "examples": dict(self.examples),
            "unread_files": dict(self.unread_files),
            "known": self.known and self.known.to_dict(),
        }
