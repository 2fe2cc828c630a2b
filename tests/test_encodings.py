"""Texts are written and read as UTF-8, whatever the locale of a machine is."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("ops_gpu", "serving", "feature_repo", "resources", "recsys_assets", "benchmarks")
FILES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
PLACE = {"read_text": 0, "write_text": 1}
"""Which argument without a name would be the encoding."""


@pytest.mark.parametrize("package", PACKAGES)
def test_every_text_file_says_its_encoding(package: str) -> None:
    silent = []
    for path in FILES:
        if path.relative_to(ROOT).parts[0] != package:
            continue
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
                continue
            named = any(keyword.arg in ("encoding", None) for keyword in call.keywords)
            if call.func.attr in PLACE and not named and len(call.args) <= PLACE[call.func.attr]:
                silent.append(f"{path.relative_to(ROOT)}:{call.lineno}")
    assert not silent
