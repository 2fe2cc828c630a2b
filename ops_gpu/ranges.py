"""Which days a candidate for release is fitted on, and on which it is compared."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Literal

from ops_gpu.events import DAY


@dataclass(frozen=True)
class Trained:
    """What a release learned from, all in epoch seconds.

    Args:
        start: first event.
        fitted_end: exclusive end of the days that its models were fitted on before they were evaluated.
        continued_end: exclusive end of the days that they were continued over afterwards.
    """

    start: int
    fitted_end: int
    continued_end: int

    def to_dict(self) -> dict[str, int]:
        """As JSON."""
        return asdict(self)


@dataclass(frozen=True)
class Ranges:
    """The plan for one candidate.

    Args:
        start: epoch seconds of the first event.
        fit_end: exclusive end of the days to fit on; the days from here to `end` are evaluated.
        end: exclusive end of the days there are.
        against: how to compare with the live release: "live" runs it on the evaluated days, none of which it was
            trained on; "recorded" compares with what it reached on the same days before it was continued; "nothing"
            where neither is possible.
    """

    start: int
    fit_end: int
    end: int
    against: Literal["live", "recorded", "nothing"]


def plan_ranges(start: int, end: int, evaluation_days: int, live: Trained | None) -> Ranges:
    """Chooses the days so that champion and challenger are compared on days that neither was trained on.

    Args:
        start: epoch seconds of the first event, or midnight before it.
        end: exclusive end of the data (midnight after its last day).
        evaluation_days: days to hold out where the live release allows it.
        live: ranges of the live release, None where there is none.

    Returns:
        The plan, cut at midnight. At least half of the days are left to fit on, and with a live release all days
        that it was trained on; a log of a single day leaves none to evaluate.
    """
    days = -((start - end) // DAY)  # the first one counts, however late its first event
    held_out = end - min(evaluation_days, days // 2) * DAY
    if live is None:
        return Ranges(start, held_out, end, "nothing")
    if live.continued_end < end:
        return Ranges(start, max(held_out, live.continued_end), end, "live")
    if live.continued_end == end and start < live.fitted_end < end:
        return Ranges(start, live.fitted_end, end, "recorded")
    return Ranges(start, held_out, end, "nothing")
