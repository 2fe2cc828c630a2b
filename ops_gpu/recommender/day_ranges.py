"""Which days a challenger for release is fitted on, and by which it is judged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from ops_gpu.interactions.events import DAY

Against = Literal["live", "recorded", "nothing"]
ANOTHER_LIVE = "another release went live after the days were chosen"
"""Why nothing can be judged, where days that are chosen anew may do."""
UsersBetween = Callable[[int, int], int]
"""How many users can be judged by what they chose in `[start, end)`, epoch seconds: exactly, if they are too few."""


@dataclass(frozen=True)
class Trained:
    """What a release learned from and was judged by, all times in epoch seconds.

    Args:
        start: first event.
        fitted_end: exclusive end of the days that its models were fitted on before they were judged.
        continued_end: exclusive end of the days that they were continued over afterwards.
        judged_end: exclusive end of the days from `fitted_end` on that its lists were judged by.
        users: how many users they were judged by.
    """

    start: int
    fitted_end: int
    continued_end: int
    judged_end: int
    users: int


@dataclass(frozen=True)
class Ranges:
    """The plan for one challenger.

    Args:
        start: epoch seconds of the first event.
        fit_end: exclusive end of the days to fit on; lists are judged by the days from here to `judged_end`.
        judged_end: exclusive end of the days to judge by; `end`, but for "recorded".
        end: exclusive end of the days there are; the models are continued up to here for the release.
        against: how to compare with the live release: "live" runs it on the judged days, none of which it was
            trained on; "recorded" compares with what it reached on the same days before it was continued; "nothing"
            where there is none, or nothing can be judged.
        unjudged: why nothing can be judged on any days; empty where it can. Nothing is released then.
    """

    start: int
    fit_end: int
    judged_end: int
    end: int
    against: Against
    unjudged: str = ""


def plan_ranges(
    start: int, end: int, evaluation_days: int, live: Trained | None, users: UsersBetween, least: int = 1
) -> Ranges:
    """Chooses the days so that champion and challenger are compared on days that neither was trained on.

    Args:
        start: epoch seconds of the first event, or midnight before it.
        end: exclusive end of the data (midnight after its last day).
        evaluation_days: days to hold out where the live release and the number of users allow it.
        live: ranges of the live release, None where there is none, or none to compare with.
        users: counts users.
        least: fewest users to judge by. Where the held out days have fewer, more days are held out, as far as the
            live release and half of the log allow it; then what the live release reached on its own days is compared
            with; and where that cannot be done either, nothing is judged.

    Returns:
        The plan, cut at midnight. At least half of the days are left to fit on, and with a live release all days
        that it was trained on.
    """
    days = -((start - end) // DAY)  # the first one counts, however late its first event
    held_out, half = end - min(evaluation_days, days // 2) * DAY, end - days // 2 * DAY
    unseen = half if live is None else max(half, live.continued_end)
    plan = Ranges(start, min(end, max(held_out, unseen)), end, end, "nothing" if live is None else "live")
    for fit_end in range(plan.fit_end, unseen - 1, -DAY):
        if users(fit_end, end) >= least:
            return replace(plan, fit_end=fit_end)
    if live is None:
        return replace(plan, unjudged=_too_few(users(unseen, end), least))
    if start < live.fitted_end < live.judged_end <= end and live.users >= least:
        return Ranges(start, live.fitted_end, live.judged_end, end, "recorded")
    if live.continued_end > end:
        reason = "the live release was trained on days after the last one of the log"
    else:
        reason = _too_few(users(unseen, end), least)
    return replace(plan, against="nothing", unjudged=reason)


def with_live(plan: Ranges, live: Trained | None, users: UsersBetween, least: int = 1) -> Ranges:
    """The same days to fit on, where another release went live after they had been chosen.

    Args:
        plan: as it was chosen.
        live: ranges of the release that is live now; None where there is none.
        users: counts users.
        least: fewest users to judge by.
    """
    start, fit_end, end = plan.start, plan.fit_end, plan.end
    judged = users(fit_end, end) >= least
    if live is None:
        return Ranges(start, fit_end, end, end, "nothing", "" if judged else _too_few(users(fit_end, end), least))
    if live.continued_end <= fit_end and judged:
        return Ranges(start, fit_end, end, end, "live")
    if live.fitted_end == fit_end < live.judged_end <= end and live.users >= least:
        return Ranges(start, fit_end, live.judged_end, end, "recorded")
    return Ranges(start, fit_end, end, end, "nothing", ANOTHER_LIVE)


def _too_few(users: int, least: int) -> str:
    return (
        f"{users} users chose anything new on days that can be judged, expected at least {least} (evaluation.min_users)"
    )
