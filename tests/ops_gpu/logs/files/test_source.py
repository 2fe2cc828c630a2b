from __future__ import annotations

from typing import Any

import pytest

from ops_gpu.logs import LogError, LogSource


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"format": "excel"}, "format 'excel', expected one of auto, parquet"),
        ({"header": False}, "header: false but no columns"),
        ({"columns": ["a"]}, "say header: false"),
        ({"header": False, "columns": ["a", "a"]}, "lists a column twice"),
        ({"separator": ""}, "needs a separator"),
        ({"encoding": "klingon"}, "unknown encoding 'klingon'"),
        ({"encoding": "hex"}, "unknown encoding 'hex'"),
        ({"separator": "\r"}, "one or more characters within a line"),
        ({"quote": "''"}, "expected one ASCII character"),
    ],
)
def test_contradictions_are_refused(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(LogError, match=said) as raised:
        LogSource("log.csv", **settings)
    assert "'log.csv'" in str(raised.value)


def test_quoting_is_usual_for_single_characters_only() -> None:
    assert LogSource("x").quote_character == '"'
    assert LogSource("x", separator="::").quote_character is None
    assert LogSource("x", separator="::", quote="'").quote_character == "'"
    assert LogSource("x", quote="").quote_character is None
