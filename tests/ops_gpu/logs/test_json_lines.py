from __future__ import annotations

import pytest

from ops_gpu.logs import LogError
from ops_gpu.logs.json_lines import DEEPEST, read_json_lines


def rows(data: bytes) -> list[tuple[object, ...]]:
    return read_json_lines(data, ["u"], ["u"], "x.jsonl").rows()


ENDS = {"lf": b"\n", "crlf": b"\r\n", "cr": b"\r", "crcrlf": b"\r\r\n", "blank": b"\n\n"}


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS.keys())
def test_lines_end_in_any_way(end: bytes) -> None:
    assert rows(b'{"u": 1}' + end + b'{"u": 2}' + end) == [(1,), (2,)]
    assert rows(b'\xef\xbb\xbf{"u": 1}' + end + b'{"u": 2}') == [(1,), (2,)]


DEEP = {
    "lists": b'{"u": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "objects": b'{"u": ' * 100_000 + b"1" + b"}" * 100_000,
    "open": b'{"u": ' + b"[{" * 100_000,
    "just too deep": b'{"u": ' + b"[" * DEEPEST + b"]" * DEEPEST + b"}",
}


@pytest.mark.parametrize("line", DEEP.values(), ids=DEEP.keys())
def test_what_would_overflow_the_stack_is_told_with_its_line(line: bytes) -> None:
    with pytest.raises(LogError, match=r"'x\.jsonl' holds values of more than 100 levels .* in line 3"):
        rows(b'{"u": 1}\n\n' + line + b'\n{"u": 1}\n')


def test_brackets_in_texts_are_no_levels() -> None:
    text = "[{" * 300 + '\\"' + "[" * 300
    assert rows(f'{{"u": "{text}"}}\n'.encode() * 2) == [(text.replace("\\", ""),)] * 2
    assert rows(b'{"u": ":["}\n' * 500) == [(":[",)] * 500


BROKEN = {
    "huge number": b'{"u": 1e400}',
    "digits": b'{"u": ' + b"9" * 100_000 + b"}",
    "no utf-8": '{"u": "é"}'.encode("latin-1"),
    "utf-16": '{"u": "é"}'.encode("utf-16"),
    "zero byte": b'{"u": "a\0b"}',
    "array": b'[{"u": 1}]',
    "number": b"1",
    "cut": b'{"u": 1}\n{"u',
    "nan": b'{"u": NaN}',
    "two types": b'{"u": [1]}\n{"u": 2}',
}


@pytest.mark.parametrize("data", BROKEN.values(), ids=BROKEN.keys())
def test_what_is_no_json_is_told(data: bytes) -> None:
    with pytest.raises(LogError, match=r"'x\.jsonl' is not a file of JSON lines .*; expected one object a line"):
        rows(data)
