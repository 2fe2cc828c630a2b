from __future__ import annotations

import pytest

from ops_gpu.logs import LogError, LogSource
from ops_gpu.logs.files.fields import field_names


def test_names_come_from_the_header_or_the_source() -> None:
    assert field_names('a,"b,c"', LogSource("x"), ["a"], "x") == ["a", "b,c"]
    assert field_names("1,2", LogSource("x", header=False, columns=["u", "v"]), ["v"], "x") == ["u", "v"]


@pytest.mark.parametrize(("line", "guess"), [("a\tb", "\\t"), ("a;b", ";"), ("a|b", "|")])
def test_the_separator_is_guessed(line: str, guess: str) -> None:
    with pytest.raises(LogError) as raised:
        field_names(line, LogSource("x"), ["a"], "x")
    assert str(raised.value).endswith(f'try separator: "{guess}".')


def test_a_tab_is_shown_as_a_yaml_writes_it() -> None:
    with pytest.raises(LogError, match=r"with separator '\\t', found: a,b"):
        field_names("a,b", LogSource("f.csv", separator="\t"), ["a"], "f.csv")


@pytest.mark.parametrize(("header", "name"), [("User,Item", "User"), (" user, item", " user"), ("USER ,item", "USER ")])
def test_a_column_that_differs_in_capitals_or_blanks_is_told(header: str, name: str) -> None:
    with pytest.raises(LogError, match=rf"has no column 'user' .*; write {name!r} in the YAML"):
        field_names(header, LogSource("x"), ["user"], "x.csv")
