from __future__ import annotations

import pytest

from serving.triton.control import _reason

TRACE = "\n\nAt:\n  /lib/a.py(64): __init__\n  <frozen importlib._bootstrap>(241): _call\n"


@pytest.mark.parametrize(
    ("details", "reason"),
    [
        ("failed to load 'x', no such model\n", "failed to load 'x', no such model"),
        (
            "load failed for model 'x': version 1 is at UNAVAILABLE state: Internal: FileNotFoundError: gone" + TRACE,
            "load failed for model 'x': version 1 is at UNAVAILABLE state: Internal: FileNotFoundError: gone",
        ),
        (
            "Internal: failed\nValueError: the release is damaged; copy it again." + TRACE,
            "ValueError: the release is damaged; copy it again.",
        ),
        ("one\nand two", "one and two"),
    ],
)
def test_a_reason_is_one_line_without_the_trace(details: str, reason: str) -> None:
    assert _reason(details) == reason
