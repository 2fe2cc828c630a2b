from __future__ import annotations

import pytest

from resources.yaml_keys import repeated_key

TWICE = {
    "flat": ("a: 1\nb: 2\na: 3\n", "a", 1, 3),
    "nested": ("x:\n  y:\n    label: 1\n    other: 2\n    label: 3\n", "x.y.label", 3, 5),
    "in a list": ("x:\n  - a: 1\n  - a: 1\n    a: 2\n", "x.1.a", 3, 4),
    "in one line": ("x: {a: 1, a: 2}\n", "x.a", 1, 1),
    "in quotes": ('"a": 1\na: 2\n', "a", 1, 2),
    "another document": ("a: 1\n---\na: 1\nb: 1\nb: 2\n", "b", 4, 5),
    "the first of several": ("x: {a: 1, a: 2}\nb: 1\nb: 2\n", "x.a", 1, 1),
}


@pytest.mark.parametrize(("text", "path", "first", "again"), TWICE.values(), ids=TWICE.keys())
def test_a_key_that_comes_twice(text: str, path: str, first: int, again: int) -> None:
    found = repeated_key(text)
    assert found is not None
    assert (found.path, found.first, found.again) == (path, first, again)
    assert f"{path} is given twice, first in line {first}" in str(found)


ONCE = {
    "two sections": "x: {a: 1}\ny: {a: 1}\n",
    "a number and its text": '1: a\n"1": b\n',
    "a merge": "base: &base {a: 1}\nx:\n  <<: *base\n  a: 2\n",
    "within itself": "x: &x\n  a: 1\n  b: *x\n",
    "no yaml": "a: 1\na: [",
    "empty": "",
}


@pytest.mark.parametrize("text", ONCE.values(), ids=ONCE.keys())
def test_other_texts(text: str) -> None:
    assert repeated_key(text) is None
