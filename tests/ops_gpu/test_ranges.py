from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops_gpu.events import DAY
from ops_gpu.ranges import Ranges, Trained, plan_ranges

LATE = 8 * 3600  # the first event of a log comes some time after midnight


def days(plan: Ranges) -> tuple[float, float, str]:
    return plan.fit_end / DAY, plan.end / DAY, plan.against


@pytest.mark.parametrize(
    ("end", "evaluation", "live", "expected"),
    [
        pytest.param(90, 7, None, (83, "nothing"), id="nothing is live"),
        pytest.param(10, 7, None, (5, "nothing"), id="half of the days are left to fit on"),
        pytest.param(3, 7, None, (2, "nothing"), id="an odd number of days"),
        pytest.param(2, 7, None, (1, "nothing"), id="two days"),
        pytest.param(1, 7, None, (1, "nothing"), id="one day leaves none to evaluate"),
        pytest.param(90, 7, (70, 77), (83, "live"), id="the live one is older than the held out days"),
        pytest.param(90, 7, (70, 83), (83, "live"), id="it ends just before them"),
        pytest.param(90, 7, (79, 86), (86, "live"), id="it was continued over some of them"),
        pytest.param(90, 7, (82, 89), (89, "live"), id="one new day"),
        pytest.param(10, 7, (1, 2), (5, "live"), id="a short log and an old release"),
        pytest.param(90, 7, (83, 90), (83, "recorded"), id="no new day"),
        pytest.param(90, 14, (83, 90), (83, "recorded"), id="no new day, and more days wanted"),
        pytest.param(90, 7, (90, 90), (83, "nothing"), id="it was fitted on everything"),
        pytest.param(90, 7, (0, 90), (83, "nothing"), id="it says that it was fitted on nothing"),
        pytest.param(90, 7, (93, 100), (83, "nothing"), id="the log has become shorter"),
    ],
)
@pytest.mark.parametrize("first", [0, LATE], ids=["from midnight", "from the first event"])
def test_plans(end: int, evaluation: int, live: tuple[int, int] | None, expected: tuple[int, str], first: int) -> None:
    trained = Trained(0, live[0] * DAY, live[1] * DAY) if live else None
    plan = plan_ranges(first, end * DAY, evaluation, trained)
    assert days(plan) == (expected[0], end, expected[1])
    assert plan.start == first


@given(st.integers(0, 50 * DAY), st.integers(1, 400), st.integers(1, 60), st.none() | st.integers(1, 400))
def test_nothing_that_was_trained_on_is_evaluated(start: int, length: int, wanted: int, until: int | None) -> None:
    end = (start // DAY + length) * DAY
    live = Trained(start, (start // DAY) * DAY, (start // DAY + until) * DAY) if until else None
    plan = plan_ranges(start, end, wanted, live)
    assert plan.fit_end % DAY == 0 and plan.fit_end <= end
    held_out, fitted = (end - plan.fit_end) // DAY, plan.fit_end // DAY - start // DAY
    assert held_out <= min(wanted, fitted)
    if plan.against == "live":
        assert live and live.continued_end <= plan.fit_end < end


def test_trained_ranges_are_json() -> None:
    assert Trained(1, 2, 3).to_dict() == {"start": 1, "fitted_end": 2, "continued_end": 3}
