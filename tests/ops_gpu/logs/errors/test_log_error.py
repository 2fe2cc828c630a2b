from __future__ import annotations

from ops_gpu.logs.errors.log_error import first_line, names


def test_long_lists_are_cut() -> None:
    assert names("abc") == "a, b, c"
    assert names(range(14)) == "0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 and 2 more"


def test_other_peoples_messages_become_part_of_a_sentence() -> None:
    assert first_line(ValueError("bad thing.\ndetails")) == "bad thing"
    assert first_line(ValueError()) == "ValueError"
