from __future__ import annotations

import pytest

from recsys_assets.challenger.release_parity import _difference

LIST = {1: 3.0, 2: 2.0, 3: 1.0}


@pytest.mark.parametrize(
    ("answer", "exact", "part"),
    [
        (LIST, True, ""),
        ({1: 3.0, 2: 2.0, 9: 1.0000001}, True, ""),  # equal scores at the end may change places
        ({1: 3.0, 2: 2.0}, True, "2 items, expected 3"),
        ({1: 3.0, 2: 2.0, 9: 1.5}, True, "scores"),
        ({1: 2.0, 2: 3.0, 3: 1.0}, True, "item 1 scores 2.00000, expected 3.00000"),
        ({2: 2.0}, False, ""),  # a sample of the candidates
        ({9: 2.0}, False, "item 9 is no candidate"),
        ({2: 2.5}, False, "item 2 scores 2.50000"),
    ],
)
def test_what_differs_is_named(answer: dict[int | str, float], exact: bool, part: str) -> None:
    found = _difference(answer, dict(LIST), exact)
    assert found.startswith(part) if part else found == ""
