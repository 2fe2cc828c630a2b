"""Examples of docstrings run, and every public name has one."""

from __future__ import annotations

import ast
import asyncio
import doctest
import importlib
import inspect
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from tests.docs.samples import ROOT
from tests.docs.test_python_samples import imports
from tests.docs.world import World

PACKAGES = ("ops_gpu", "serving", "feature_repo", "resources", "recsys_assets")
FACES = ("ops_gpu", "ops_gpu.models", "ops_gpu.evaluation", "ops_gpu.operators", "serving", "serving.operators")
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


class Checker(doctest.OutputChecker):
    """An example that shows no value may have one."""

    def check_output(self, want: str, got: str, optionflags: int) -> bool:
        return not want or super().check_output(want, got, optionflags)


def documented() -> Iterator[tuple[str, str]]:
    """Module and name of everything with an example that can be run; names of methods are dotted."""
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            yield from ((module, name) for name in _with_examples(tree, ""))


def _with_examples(tree: ast.AST, prefix: str) -> Iterator[str]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            if ">>> " in (ast.get_docstring(node) or ""):
                yield f"{prefix}{node.name}"
            yield from _with_examples(node, f"{prefix}{node.name}.")


EXAMPLES = list(documented())


def public() -> dict[str, Any]:
    """Every public name of the faces."""
    found = {}
    for face in FACES:
        package = importlib.import_module(face)
        found |= {name: getattr(package, name) for name in package.__all__}
    return found


@pytest.mark.parametrize(("module", "name"), EXAMPLES, ids=[f"{module}:{name}" for module, name in EXAMPLES])
def test_an_example_runs(module: str, name: str, world: World) -> None:
    names = {**common(), **vars(importlib.import_module(module))}
    thing: Any = names
    for part in name.split("."):
        thing = thing[part] if thing is names else inspect.getattr_static(thing, part)
    text = inspect.getdoc(thing.fget if isinstance(thing, property) else thing) or ""
    test = doctest.DocTestParser().get_doctest(text, names, name, inspect.getsourcefile(inspect.unwrap(thing)), 0)
    assert test.examples
    for example in test.examples:
        if example.options.get(doctest.SKIP):
            compile(example.source, name, "exec")
            exec(compile(ast.Module(imports(example.source), []), name, "exec"), test.globs)
        else:
            test.globs |= world.names_for(compile(example.source, name, "exec"), test.globs)
    said: list[str] = []
    doctest.DocTestRunner(Checker(), verbose=False, optionflags=FLAGS).run(test, out=said.append, clear_globs=False)
    assert not said, "".join(said)


def common() -> dict[str, Any]:
    """What an example need not import: public names, and the libraries that everybody knows."""
    every_day = {"np": np, "pl": pl, "Path": Path, "asyncio": asyncio, "datetime": datetime, "date": date, "UTC": UTC}
    return {**public(), **every_day}


@pytest.mark.parametrize("face", FACES)
def test_every_public_name_has_an_example(face: str) -> None:
    package = importlib.import_module(face)
    without = [name for name in package.__all__ if "Example:\n" not in (getattr(package, name).__doc__ or "")]
    assert not without, f"give {', '.join(without)} an Example in the docstring"


def test_there_are_many() -> None:
    assert len(EXAMPLES) > 120


def test_an_example_that_is_wrong_is_seen(world: World, tmp_path: Path) -> None:
    test = doctest.DocTestParser().get_doctest(">>> 1 + 1\n3\n", {}, "wrong", None, 0)
    said: list[str] = []
    doctest.DocTestRunner(Checker(), verbose=False).run(test, out=said.append)
    assert "Got:\n    2" in "".join(said)
