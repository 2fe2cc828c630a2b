"""Imports point down: recsys_assets > resources > serving, feature_repo > ops_gpu."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ALLOWED = {
    "ops_gpu": {"ops_gpu"},
    "serving": {"serving", "ops_gpu"},
    "feature_repo": {"feature_repo", "ops_gpu"},
    "resources": {"resources", "serving", "feature_repo", "ops_gpu"},
    "recsys_assets": {"recsys_assets", "resources", "serving", "feature_repo", "ops_gpu"},
}
FORBIDDEN = {"ops_gpu": {"dagster", "mlflow", "feast"}, "serving": {"dagster", "mlflow"}}
UNSAFE = {"pickle", "cPickle", "cloudpickle", "joblib", "dill", "marshal", "shelve"}


def imported(path: Path) -> Iterator[str]:
    """Top-level package of everything that a file imports, at any depth."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]


def sources(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


@pytest.mark.parametrize("package", ALLOWED)
def test_imports_point_down(package: str) -> None:
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in sources(package)
        for name in imported(path)
        if name in ALLOWED and name not in ALLOWED[package]
    ]
    assert not wrong


@pytest.mark.parametrize("package", FORBIDDEN)
def test_libraries_know_no_orchestrator(package: str) -> None:
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in sources(package)
        for name in imported(path)
        if name in FORBIDDEN[package] or name.startswith("dagster")
    ]
    assert not wrong


@pytest.mark.parametrize("package", ALLOWED)
def test_nothing_unpickles(package: str) -> None:
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in sources(package)
        for name in imported(path)
        if name in UNSAFE
    ]
    assert not wrong


@pytest.mark.parametrize("package", ALLOWED)
def test_arrays_are_read_and_written_without_pickle(package: str) -> None:
    calls = re.compile(r"np\.(?:load|save)\((?:[^()]|\([^()]*\))*\)")
    found = [(path, call) for path in sources(package) for call in calls.findall(path.read_text(encoding="utf-8"))]
    assert not [f"{path}: {call}" for path, call in found if "allow_pickle=False" not in call]
    assert len(found) > 10 or package != "ops_gpu"


@pytest.mark.parametrize("package", ALLOWED)
def test_expressions_are_read_in_one_place(package: str) -> None:
    """Polars unpickles functions that it finds in an expression: only what was checked before may be given to it."""
    wrong = [
        path.relative_to(ROOT)
        for path in sources(package)
        if ".deserialize(" in path.read_text(encoding="utf-8") and path.parent != ROOT / "ops_gpu/expressions"
    ]
    assert not wrong


@pytest.mark.parametrize("package", ALLOWED)
def test_every_package_has_sources(package: str) -> None:
    """A renamed package would make the tests above pass on nothing."""
    assert sources(package)
