from __future__ import annotations

import pytest

from serving.triton.control.error_text import reason

TRACE = "\n\nAt:\n  /lib/a.py(64): __init__\n  <frozen importlib._bootstrap>(241): _call\n"


@pytest.mark.parametrize(
    ("details", "found"),
    [
        ("", ""),
        ("failed to load 'x', no such model\n", "failed to load 'x', no such model"),
        (
            "load failed for model 'x': version 1 is at UNAVAILABLE state: Internal: FileNotFoundError: gone" + TRACE,
            "load failed for model 'x': version 1 is at UNAVAILABLE state: gone",
        ),
        ("Internal: ValueError: /a/price.npy is damaged." + TRACE, "/a/price.npy is damaged."),
        ("Internal: failed\nValueError: it is damaged; copy it again." + TRACE, "it is damaged; copy it again."),
        ("Internal: KeyError: 'x'" + TRACE, "Internal: KeyError: 'x'"),
        ("one\nand two", "one and two"),
    ],
)
def test_a_reason_is_one_line_without_the_trace_and_classes(details: str, found: str) -> None:
    assert reason(details) == found
