"""The house: no folder is crowded, no module imports one that imports it, nor does a folder."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
from collections import defaultdict
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("ops_gpu", "serving", "feature_repo", "resources", "recsys_assets")
MOST, MOST_AT_ROOT = 15, 5
SMALL = ("feature_repo", "resources")
"""Packages without folders."""


def modules() -> dict[str, Path]:
    """Every module of the product by its dotted name; packages are none."""
    found = (path.relative_to(ROOT) for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
    return {".".join(path.with_suffix("").parts): path for path in found if path.name != "__init__.py"}


def imported(path: Path, known: Mapping[str, Path]) -> Iterator[str]:
    """Modules of ours that a file imports, anywhere in it, for types too."""
    for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        else:
            continue
        yield from (name for name in names if name in known)


def require_no_circle(graph: Mapping[str, set[str]]) -> None:
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        raise AssertionError(f"a circle of imports: {' <- '.join(error.args[1])}") from None


def test_no_circle_of_modules_nor_of_folders() -> None:
    known = modules()
    files: dict[str, set[str]] = {name: set(imported(path, known)) - {name} for name, path in known.items()}
    assert sum(map(len, files.values())) > 1_000
    require_no_circle(files)
    folders = defaultdict[str, set[str]](set)
    for name, others in files.items():
        folder = name.rpartition(".")[0]
        folders[folder] |= {other.rpartition(".")[0] for other in others} - {folder}
    require_no_circle(folders)


def test_no_folder_is_crowded() -> None:
    crowded = {}
    for folder in {path.parent for path in modules().values()}:
        count = sum(path.parent == folder for path in modules().values())
        most = MOST_AT_ROOT if len(folder.parts) == 1 and folder.name not in SMALL else MOST
        if count > most:
            crowded[str(folder)] = count
    assert not crowded


def test_a_circle_is_seen() -> None:
    with pytest.raises(AssertionError, match="a circle of imports: "):
        require_no_circle({"a": {"b"}, "b": {"a"}, "c": {"a"}})


FACES = ("ops_gpu", "ops_gpu.evaluation", "ops_gpu.operators", "serving", "serving.operators")
"""Packages whose names are for users: one that is imported stands for all that is in it, in the versions of assets."""


def test_the_product_imports_concrete_modules() -> None:
    known = modules()
    wrong = [
        f"{path} imports {alias.name} from {node.module}"
        for path in known.values()
        for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module in FACES
        for alias in node.names
        if alias.name[0].isupper()
    ]
    assert not wrong


@pytest.mark.parametrize("face", FACES)
def test_every_name_of_a_face_is_there(face: str) -> None:
    package = importlib.import_module(face)
    assert len(package.__all__) > 3
    for name in package.__all__:
        assert getattr(package, name).__module__.startswith(f"{face}.")


def test_all_serving_operators_have_a_place_on_the_face() -> None:
    package = importlib.import_module("serving.operators")
    for module in pkgutil.walk_packages(package.__path__, "serving.operators."):
        for name, found in inspect.getmembers(importlib.import_module(module.name), inspect.isclass):
            if found.__module__ == module.name and issubclass(found, package.ServingOperator):
                assert getattr(package, name) is found
