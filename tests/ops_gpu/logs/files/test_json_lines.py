from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from ops_gpu.logs import (
    EntityTable,
    InteractionLog,
    LogError,
    LogPlace,
    LogSource,
    days_of_files,
    decide_id_types,
    read_interactions,
    read_users,
)
from ops_gpu.logs.files.json_lines import DEEPEST, read_json_lines


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
    "nan": b'{"u": nan}',
    "two types": b'{"u": [1]}\n{"u": 2}',
}


@pytest.mark.parametrize("data", BROKEN.values(), ids=BROKEN.keys())
def test_what_is_no_json_is_told(data: bytes) -> None:
    with pytest.raises(LogError, match=r"'x\.jsonl' is not a file of JSON lines .*; expected one object a line"):
        rows(data)


NO_IDS = {"object": {"$oid": "a"}, "list": ["b", 1], "true": True, "false": False}


@pytest.mark.parametrize("value", NO_IDS.values(), ids=NO_IDS)
@pytest.mark.parametrize("others", [["a", "true", '{"x": 1}'], ["1", "2", "3"]], ids=["text", "integers"])
def test_what_is_no_text_and_no_number_is_no_id_beside_text(tmp_path: Path, value: object, others: list[str]) -> None:
    ids = [*others[:2], value, others[2], None]
    rows = [{"u": of, "i": "x", "t": f"2024-01-01T00:0{n}", "extra": value} for n, of in enumerate(ids)]
    text = "\n\n".join(json.dumps(row) for row in rows)
    (tmp_path / "e.jsonl").write_text(text + "\n")
    log, place = InteractionLog(LogSource("e.jsonl"), "u", "i", "t"), LogPlace(tmp_path)
    kinds = decide_id_types(log, place)
    assert kinds.user == ("integer" if others[0] == "1" else "string")
    for known in (None, days_of_files(log, place)):  # as a whole, and by its blocks
        result = read_interactions(log, place, kinds, [date(2024, 1, 1)] if known else None, known)
        assert [str(user) for user in result.frame["user_id"]] == others
        assert result.report.dropped == {"user_no_value": 1, "null_user": 1}
        assert "JSON" not in result.report.examples["user_no_value"]
    users = read_users(EntityTable(LogSource("e.jsonl"), id="u"), log, place, kinds)
    assert users.report.dropped == {"id_no_value": 1, "null_id": 1}
    assert "JSON" not in users.report.examples["id_no_value"]


def test_numbers_of_python_that_are_no_json_are_null() -> None:
    rows = [{"a": float("nan"), "b": "NaN, Infinity"}, {"a": float("-inf"), "b": 'x": NaN'}, {"a": 1.5, "b": "c"}]
    data = "".join(json.dumps(row) + "\n" for row in rows).encode()
    assert read_json_lines(data, ["a", "b"], [], "f").rows() == [
        (None, "NaN, Infinity"),
        (None, 'x": NaN'),
        (1.5, "c"),
    ]
    assert read_json_lines(b'{"a": [NaN, 1]}\n{"NaN": NaN}', ["a"], [], "f").rows() == [([None, 1],), (None,)]
    for broken in (b'{"a": NaNa}\n', b'{"a": xNaN}\n', b'{"a": "NaN}\n'):
        with pytest.raises(LogError, match="is not a file of JSON lines"):
            read_json_lines(broken, ["a"], [], "f")
