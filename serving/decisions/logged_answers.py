"""Answered requests, as they wait to be logged."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from serving.decisions.trace import Seen, Trace


@dataclass(frozen=True)
class LoggedAnswers:
    """Requests that were answered, those of one pass of an ensemble or of several.

    Args:
        moments: when each was answered, epoch nanoseconds.
        numbers: what tells each from every other, for whoever asks may use an id twice.
        requests: their ids.
        rows: users of each.
        kept: whether each is to be logged.
        seen: what is held of the answers, row by row.
    """

    moments: tuple[int, ...]
    numbers: tuple[int, ...]
    requests: tuple[str, ...]
    rows: tuple[int, ...]
    kept: tuple[bool, ...]
    seen: Seen

    @classmethod
    def joined(cls, parts: Sequence[LoggedAnswers], evidence: Trace) -> LoggedAnswers:
        """All of them, in order; one at least."""
        if len(parts) == 1:
            return parts[0]
        return cls(
            tuple(itertools.chain.from_iterable(part.moments for part in parts)),
            tuple(itertools.chain.from_iterable(part.numbers for part in parts)),
            tuple(itertools.chain.from_iterable(part.requests for part in parts)),
            tuple(itertools.chain.from_iterable(part.rows for part in parts)),
            tuple(itertools.chain.from_iterable(part.kept for part in parts)),
            evidence.joined([part.seen for part in parts]),
        )

    @property
    def users(self) -> int:
        """How many rows these have in a log."""
        return sum(itertools.compress(self.rows, self.kept))
