from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops_gpu.interactions.events import DAY
from ops_gpu.recommender.day_ranges import Ranges, Trained, plan_ranges, with_live

LATE = 8 * 3600  # the first event of a log comes some time after midnight


def many(start: int, end: int) -> int:
    """A user a second: enough wherever there is a day at all."""
    return end - start


def nobody(start: int, end: int) -> int:
    return 0


def trained(fitted: int, continued: int, judged: int | None = None, users: int = 100) -> Trained:
    return Trained(0, fitted * DAY, continued * DAY, (continued if judged is None else judged) * DAY, users)


def days(plan: Ranges) -> tuple[float, float, str]:
    return plan.fit_end / DAY, plan.end / DAY, plan.against


@pytest.mark.parametrize(
    ("end", "evaluation", "live", "expected"),
    [
        pytest.param(90, 7, None, (83, "nothing"), id="nothing is live"),
        pytest.param(10, 7, None, (5, "nothing"), id="half of the days are left to fit on"),
        pytest.param(3, 7, None, (2, "nothing"), id="an odd number of days"),
        pytest.param(2, 7, None, (1, "nothing"), id="two days"),
        pytest.param(90, 7, (70, 77), (83, "live"), id="the live one is older than the held out days"),
        pytest.param(90, 7, (70, 83), (83, "live"), id="it ends just before them"),
        pytest.param(90, 7, (79, 86), (86, "live"), id="it was continued over some of them"),
        pytest.param(90, 7, (82, 89), (89, "live"), id="one new day"),
        pytest.param(10, 7, (1, 2), (5, "live"), id="a short log and an old release"),
        pytest.param(90, 7, (83, 90), (83, "recorded"), id="no new day"),
        pytest.param(90, 14, (83, 90), (83, "recorded"), id="no new day, and more days wanted"),
    ],
)
@pytest.mark.parametrize("first", [0, LATE], ids=["from midnight", "from the first event"])
def test_plans(end: int, evaluation: int, live: tuple[int, int] | None, expected: tuple[int, str], first: int) -> None:
    plan = plan_ranges(first, end * DAY, evaluation, trained(*live) if live else None, many)
    assert days(plan) == (expected[0], end, expected[1])
    assert (plan.start, plan.judged_end, plan.unjudged) == (first, plan.end, "")


@pytest.mark.parametrize(
    ("end", "live", "reason"),
    [
        pytest.param(1, None, "0 users chose", id="one day leaves none to judge by"),
        pytest.param(90, (90, 90), "0 users chose", id="it was fitted on everything"),
        pytest.param(90, (0, 90), "0 users chose", id="it says that it was fitted on nothing"),
        pytest.param(90, (93, 100), "days after the last one of the log", id="the log has become shorter"),
    ],
)
def test_what_cannot_be_judged_says_why(end: int, live: tuple[int, int] | None, reason: str) -> None:
    plan = plan_ranges(0, end * DAY, 7, trained(*live) if live else None, many)
    assert plan.against == "nothing" and reason in plan.unjudged


def test_days_with_too_few_users_are_joined_by_those_before() -> None:
    def since(day: int) -> object:
        return lambda start, end: 5 if start <= day * DAY else 4

    def plan(day: int, live: Trained | None = None) -> Ranges:
        return plan_ranges(0, 90 * DAY, 7, live, since(day), least=5)  # type: ignore[arg-type]

    assert days(plan(83)) == (83, 90, "nothing")
    assert days(plan(60)) == (60, 90, "nothing") and plan(60).unjudged == ""
    assert plan(44).unjudged.startswith("4 users chose")  # more than half of the log would be held out
    old = trained(70, 77)
    assert days(plan(78, old)) == (78, 90, "live")
    assert days(plan(76, old)) == (70, 90, "recorded")  # the live one has seen that day


def test_a_quiet_day_is_compared_as_recorded() -> None:
    plan = plan_ranges(0, 91 * DAY, 7, trained(83, 90), nobody, least=10)
    assert plan == Ranges(0, 83 * DAY, 90 * DAY, 91 * DAY, "recorded")
    later = plan_ranges(0, 92 * DAY, 7, trained(83, 91, judged=90), nobody, least=10)
    assert later == Ranges(0, 83 * DAY, 90 * DAY, 92 * DAY, "recorded")  # its release is judged by the same days


@pytest.mark.parametrize(
    "live", [trained(90, 90), trained(83, 90, users=9)], ids=["it has no days of its own", "too few users judged it"]
)
def test_a_quiet_day_with_nothing_recorded_is_kept_for_later(live: Trained) -> None:
    quiet = plan_ranges(0, 91 * DAY, 7, live, nobody, least=10)
    assert quiet.against == "nothing" and "0 users chose anything new" in quiet.unjudged
    assert "at least 10 (evaluation.min_users)" in quiet.unjudged
    next_day = plan_ranges(0, 92 * DAY, 7, live, many, least=10)
    assert days(next_day) == (90, 92, "live")


def test_the_quiet_days_count_once_there_are_enough_users() -> None:
    live = trained(90, 90)
    enough = plan_ranges(0, 93 * DAY, 7, live, lambda start, end: (end - start) // DAY * 4, least=10)
    assert days(enough) == (90, 93, "live")


@pytest.mark.parametrize(
    ("live", "expected"),
    [
        pytest.param(None, ("nothing", ""), id="nothing is live any more"),
        pytest.param((70, 80), ("live", ""), id="it has not seen them"),
        pytest.param((83, 90), ("recorded", ""), id="its own days are the same"),
        pytest.param((80, 86), ("nothing", "another release went live"), id="it has seen some of them"),
    ],
)
def test_another_release_went_live_meanwhile(live: tuple[int, int] | None, expected: tuple[str, str]) -> None:
    plan = Ranges(0, 83 * DAY, 90 * DAY, 90 * DAY, "live")
    found = with_live(plan, trained(*live) if live else None, many)
    assert (found.start, found.fit_end, found.end) == (plan.start, plan.fit_end, plan.end)
    assert found.against == expected[0] and expected[1] in found.unjudged and bool(found.unjudged) == bool(expected[1])


def test_too_few_users_stay_too_few() -> None:
    plan = Ranges(0, 83 * DAY, 90 * DAY, 90 * DAY, "live")
    assert "0 users" in with_live(plan, None, nobody).unjudged


@given(st.integers(0, 50 * DAY), st.integers(1, 400), st.integers(1, 60), st.none() | st.integers(1, 400))
def test_nothing_that_was_trained_on_is_judged(start: int, length: int, wanted: int, until: int | None) -> None:
    first = start // DAY
    end = (first + length) * DAY
    live = Trained(start, first * DAY, (first + until) * DAY, (first + until) * DAY, 100) if until else None
    plan = plan_ranges(start, end, wanted, live, many)
    assert plan.fit_end % DAY == 0 and plan.fit_end <= plan.judged_end <= end
    held_out, fitted = (end - plan.fit_end) // DAY, plan.fit_end // DAY - first
    assert held_out <= min(wanted, fitted)
    if plan.against == "live":
        assert live and live.continued_end <= plan.fit_end < end
