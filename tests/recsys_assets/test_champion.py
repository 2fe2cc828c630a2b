from __future__ import annotations

import pytest

from recsys_assets.champion import Standing


@pytest.mark.parametrize(
    ("difference", "error", "tolerance", "passed"),
    [(0.01, 0.0, 2.0, True), (-0.01, 0.005, 2.0, True), (-0.011, 0.005, 2.0, False), (-0.001, 0.0, 2.0, False)],
)
def test_as_good_up_to_noise(difference: float, error: float, tolerance: float, passed: bool) -> None:
    standing = Standing("live", "a" * 64, 100, 0.2 + difference, 0.2, difference, error)
    assert standing.not_worse(tolerance) is passed


def test_what_cannot_be_compared_is_no_reason_to_stay() -> None:
    assert Standing("nothing", because="no release was live").not_worse(0.0)
