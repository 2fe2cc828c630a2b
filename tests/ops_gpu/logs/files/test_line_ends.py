from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops_gpu.logs import LogError, LogSource
from ops_gpu.logs.files.delimited import read_delimited

ENDS = {"lf": "\n", "crlf": "\r\n", "cr": "\r", "crcrlf": "\r\r\n"}


def rows(data: bytes, **settings: object) -> list[tuple[str | None, ...]]:
    frame, malformed = read_delimited(data, LogSource("x", **settings), ["a", "b"], ["a", "b"], "x.csv")  # type: ignore[arg-type]
    assert malformed == 0
    return frame.rows()


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS.keys())
@pytest.mark.parametrize("last", [True, False], ids=["ended", "open"])
def test_lines_end_in_any_way(end: str, last: bool) -> None:
    text = end.join(["a,b", "1,2", "3,4"]) + (end if last else "")
    assert rows(text.encode()) == [("1", "2"), ("3", "4")]
    assert rows(text.removeprefix("a,b" + end).encode(), header=False, columns=["a", "b"]) == [("1", "2"), ("3", "4")]


CASES = {
    "cr after the header": (b"a,b\r1,2\n3,4\n", [("1", "2"), ("3", "4")]),
    "cr after one row": (b"a,b\n1,2\r3,4\n5,6\n", [("1", "2"), ("3", "4"), ("5", "6")]),
    "cr at the end": (b"a,b\r\n1,2\r\n3,4\r", [("1", "2"), ("3", "4")]),
    "cr in a field": (b"a,b\n1,x\ry\n5,6\n", [("1", "x\ry"), ("5", "6")]),
    "cr in quotes": (b'a,b\n1,"x\ry"\n5,6\r7,8\r\n', [("1", "x\ry"), ("5", "6"), ("7", "8")]),
    "ends in quotes": (b'a,b\r1,"x\r\r\n\n\n"\r\r\n', [("1", "x\r\r\n\n\n")]),
    "blank lines": (b"\n\na,b\r\n\r\n1,2\n\n\n3,4\n\n", [("1", "2"), ("3", "4")]),
    "blank lines of cr": (b"\r\ra,b\r\r1,2\r\r", [("1", "2")]),
    "short line before": (b"a,b\n1\n3,4\r5,6\n", [("1", None), ("3", "4"), ("5", "6")]),
    "header in quotes": (b'"z\nz",a,b\n0,1,2\n', [("1", "2")]),
}


@pytest.mark.parametrize(("data", "expected"), CASES.values(), ids=CASES.keys())
def test_mixed_line_ends_give_the_right_rows(data: bytes, expected: list[tuple[str | None, ...]]) -> None:
    assert rows(data) == expected


def test_a_long_separator() -> None:
    assert rows(b"a::b\r1::2\n3::4\r\r\n", separator="::") == [("1", "2"), ("3", "4")]


def test_a_carriage_return_of_neither_kind_is_told_with_its_line() -> None:
    with pytest.raises(LogError, match=r"'x\.csv' holds a carriage return in line 3 .* line of 2 fields"):
        rows(b"a,b\n1,2\n3\r4,5,6\n7,8\n")


def test_a_carriage_return_in_a_header_is_shown() -> None:
    with pytest.raises(LogError, match=r"has no column 'b' .* found: a, \\rb; correct the name"):
        rows(b"a,\rb\n1,2\n")


def test_two_bytes_a_character_are_told() -> None:
    with pytest.raises(LogError, match="encoding: utf-16-le"):
        rows("a,b\n1,2\n".encode("utf-16-le"))
    with pytest.raises(LogError, match=r"encoding: utf-16\."):
        rows("a,b\n1,2\n".encode("utf-16"))


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\x00", exclude_categories=["Cs"]), min_size=1)


@given(
    st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=6),
    st.lists(st.sampled_from(sorted(ENDS.values())), min_size=7, max_size=7),
)
def test_what_was_quoted_comes_back_whatever_ends_its_lines(table: list[tuple[str, str]], ends: list[str]) -> None:
    lines = []
    for row in [("a", "b"), *table]:
        stream = io.StringIO()
        csv.writer(stream, quoting=csv.QUOTE_ALL, lineterminator="").writerow(row)
        lines.append(stream.getvalue())
    data = "".join(line + end for line, end in zip(lines, ends, strict=False)).encode()
    assert rows(data) == table


def test_a_quote_that_never_ends_takes_no_time_and_shows_no_file() -> None:
    data = b'a,"b\n' + b"1,2\n" * 300_000
    assert rows(data) == [("1", "2")] * 300_000  # a name without its second quote
    with pytest.raises(LogError, match="unpaired quote") as raised:
        rows(data, header=False, columns=["a", "b"])
    assert len(str(raised.value)) < 400


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS.keys())
@pytest.mark.parametrize("field", ['5" disk', 'TV 32"', '"TV 32'], ids=["within", "at the end", "at the start"])
def test_a_quote_without_a_second_one_loses_no_line_without_a_word(end: str, field: str) -> None:
    lines = [f"{n},{field if n == 100 else 'x'},{n}" for n in range(1000)]
    data = (end.join(["a,title,b", *lines]) + end).encode()
    message = r"'x\.csv' holds an unpaired quote, .* in the line '100,.*,100'.* say quote: ''"
    with pytest.raises(LogError, match=message):
        rows(data)
    assert rows(data, quote="") == [(str(n), str(n)) for n in range(1000)]


def test_a_line_end_of_another_kind_does_not_hide_such_a_quote() -> None:
    lines = "".join(f"{n},{n}\n" for n in range(100))
    with pytest.raises(LogError, match="say quote: ''"):
        rows(f'a,b\r1,5" disk\n{lines}'.encode())


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["lf", "crlf", "cr"])
def test_such_a_quote_in_the_last_line_is_in_nobodys_way(end: str) -> None:
    assert rows(end.join(["a,b", "1,2", '3,5"', ""]).encode()) == [("1", "2"), ("3", '5"')]
