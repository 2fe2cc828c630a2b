from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops_gpu.logs import LogError, LogSource
from ops_gpu.logs.files.delimited import read_delimited


def read(data: bytes, wanted: list[str], **settings: object) -> tuple[pl.DataFrame, int]:
    return read_delimited(data, LogSource("x", **settings), wanted, wanted, "x.csv")  # type: ignore[arg-type]


def test_text_keeps_leading_zeros_and_only_the_wanted_columns() -> None:
    frame, malformed = read(b"a,b,c\n007,x,1\n,y,\n", ["c", "a"])
    assert frame.to_dict(as_series=False) == {"c": ["1", None], "a": ["007", None]}
    assert malformed == 0


def test_windows_line_ends_and_byte_order_mark() -> None:
    frame, _ = read(b"\xef\xbb\xbfa,b\r\n1,2\r\n", ["a", "b"])
    assert frame.rows() == [("1", "2")]


def test_long_separator_without_header() -> None:
    frame, _ = read(b'1::"Weird" Al::5\n2::A:B::4\n', ["u", "t", "r"], separator="::", header=False,
                    columns=["u", "t", "r"])  # fmt: skip
    assert frame.rows() == [("1", '"Weird" Al', "5"), ("2", "A:B", "4")]


def test_quoted_fields_hold_separators_and_line_breaks() -> None:
    assert read(b'a,b\n"x,y","1\n2"\n', ["a", "b"])[0].rows() == [("x,y", "1\n2")]
    assert read(b'a||b\n"x||y"||2\n', ["a", "b"], separator="||", quote='"')[0].rows() == [("x||y", "2")]


def test_any_encoding() -> None:
    text = "id;title\n1;Amélie – Žižek\n"
    assert read(text.encode("cp1250"), ["title"], separator=";", encoding="cp1250")[0].item() == "Amélie – Žižek"
    assert read(text.encode("utf-16"), ["title"], separator=";", encoding="utf-16")[0].item() == "Amélie – Žižek"
    assert read("a¦b\n1¦2\n".encode("latin-1"), ["b"], separator="¦", encoding="latin-1")[0].item() == "2"


def test_the_wrong_encoding_is_told() -> None:
    with pytest.raises(LogError, match=r"'x\.csv' is not utf-8 text \(byte 0xe9 at position 4\).*latin-1"):
        read("a\nAmél\n".encode("latin-1"), ["a"])


def test_short_lines_get_nulls_and_long_lines_are_counted() -> None:
    frame, malformed = read(b"a,b\n1,2\n3\n4,5,6\n7,8\n", ["a", "b"])
    assert frame.rows() == [("1", "2"), ("3", None), ("7", "8")]
    assert malformed == 1


def test_declared_nulls() -> None:
    assert read(b"a\n\\N\nx\n", ["a"], null_values=["\\N"])[0].rows() == [(None,), ("x",)]


@pytest.mark.parametrize("data", [b"", b"\n\n", b"a,b\n", b"a,b"], ids=["nothing", "blank", "header", "open header"])
def test_an_empty_file_has_no_rows(data: bytes) -> None:
    frame, _ = read(data, ["a", "b"])
    assert frame.schema == {"a": pl.String, "b": pl.String}
    assert frame.is_empty()


def test_the_wrong_separator_with_header_is_told_with_a_guess() -> None:
    with pytest.raises(LogError, match=r"no column 'a' when read with separator ';', found: a,b.*separator: \",\""):
        read(b"a,b\n1,2\n", ["a", "b"], separator=";")


def test_the_wrong_separator_without_header_is_told_with_a_guess() -> None:
    with pytest.raises(LogError, match=r"has 1 fields a line.*expected 3.*try separator: \"::\""):
        read(b"1::2::3\n", ["a"], separator=",", header=False, columns=["a", "b", "c"])


def test_a_missing_column_is_told_with_those_found() -> None:
    with pytest.raises(LogError, match=r"no column 'rating'.*found: user, item; correct the name"):
        read(b"user,item\n1,2\n", ["user", "rating"])
    with pytest.raises(LogError, match="no column 'rating', its source declares the columns a, b"):
        read(b"1,2\n", ["rating"], header=False, columns=["a", "b"])


def test_a_column_named_twice_is_told() -> None:
    with pytest.raises(LogError, match="names a column twice"):
        read(b"a,a\n1,2\n", ["a"])


def test_an_unpaired_quote_is_told() -> None:
    with pytest.raises(LogError, match="unpaired quote"):
        read(b'a,b\n1,"x\n', ["a", "b"])


CELLS = st.text(
    st.characters(codec="utf-8", exclude_characters='\n\r:"\x00\x1f', exclude_categories=["Cs"]), min_size=1
)


@given(st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=8))
def test_what_was_joined_comes_apart_again(rows: list[tuple[str, str]]) -> None:
    data = "".join(f"{a}::{b}\n" for a, b in rows).encode()
    frame, malformed = read(data, ["a", "b"], separator="::", header=False, columns=["a", "b"])
    assert (frame.rows(), malformed) == (rows, 0)
