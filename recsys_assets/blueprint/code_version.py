"""Code versions: a hash of everything an asset's result depends on besides its inputs."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

REGISTRIES = ("ops_gpu.models.registry",)
"""Modules that say which class a name stands for. An asset names those that it uses itself; a new line changes none."""
PACKAGES = ("ops_gpu", "serving", "feature_repo", "resources")
FROM_IMPORT = re.compile(r"^[ \t]*from\s+([\w.]+)\s+import\s+(\([^)]*\)|[^\n#]*)", re.MULTILINE)
IMPORT = re.compile(r"^[ \t]*import\s+([\w., ]+)", re.MULTILINE)
NAME = re.compile(r"(\w+)(?:\s+as\s+\w+)?")
DOTTED = re.compile(r"([\w.]+)(?:\s+as\s+\w+)?")
DOCSTRING = re.compile(r'(\A|:[ \t]*\n)\s*"""(?:[^"\\]|\\.|"(?!""))*"""[ \t]*$', re.MULTILINE)
COMMENT = re.compile(r"^[ \t]*#.*$", re.MULTILINE)
BLANK = re.compile(r"^\s*\n", re.MULTILINE)


def code_version(modules: Iterable[str], settings: Mapping[str, Any] | None = None) -> str:
    """The version of the code behind an asset, 16 hexadecimal digits.

    Covers the named modules, every module of ours that they import (at any depth, inside functions too),
    and the settings. Docstrings, comment lines and blank lines do not count, so that a better explanation
    retrains nothing.

    Args:
        modules: dotted names, such as `ops_gpu.workflow.workflow`; a package stands for all its modules.
        settings: what else decides the result; anything that JSON can hold, dates included.

    Raises:
        ModuleNotFoundError: for a name that is not there.

    Example:
        >>> code_version(["ops_gpu.primitives.ragged"]) == code_version(["ops_gpu.primitives.ragged"])
        True
    """
    digest = hashlib.sha256()
    for name, path in sorted(_reachable(modules).items()):
        digest.update(f"{name}:{_meaning(path)}\n".encode())
    digest.update(json.dumps(settings or {}, sort_keys=True, default=str).encode())
    return digest.hexdigest()[:16]


def _reachable(modules: Iterable[str]) -> dict[str, Path]:
    """File of each named module, and of all modules of ours below it."""
    found: dict[str, Path] = {}
    waiting = list(modules)
    while waiting:
        name = waiting.pop()
        path = _file(name)
        if path is None:
            raise ModuleNotFoundError(f"Module {name!r} is named as code of an asset but does not exist.")
        if name in found:
            continue
        found[name] = path
        if path.name == "__init__.py":
            inside = [*path.parent.glob("*.py"), *(folder.parent for folder in path.parent.glob("*/__init__.py"))]
            waiting += [f"{name}.{child.stem}" for child in inside if child.stem != "__init__"]
        waiting += _imports(path)
    return found


@cache
def _file(name: str) -> Path | None:
    """Source file of a module, found without importing it."""
    top, *rest = name.split(".")
    spec = importlib.util.find_spec(top)
    if spec is None or not spec.submodule_search_locations:
        return Path(spec.origin) if spec and spec.origin and not rest else None
    place = Path(spec.submodule_search_locations[0], *rest)
    choices = (place.with_suffix(".py"), place / "__init__.py") if rest else (place / "__init__.py",)
    return next((choice for choice in choices if choice.is_file()), None)


@cache
def _imports(path: Path) -> tuple[str, ...]:
    """Modules of ours that a file imports, wherever in it."""
    names: set[str] = set()
    for source, imported in FROM_IMPORT.findall(_text(path)):
        names.update(_from_import(source, NAME.findall(imported)))
    for imported in IMPORT.findall(_text(path)):
        names.update(DOTTED.findall(imported))
    return tuple(sorted(name for name in names if name.split(".")[0] in PACKAGES and name not in REGISTRIES))


def _from_import(source: str, imported: list[str]) -> Iterator[str]:
    """`from package import module` names the module; `from module import thing` names the module."""
    for name in imported:
        module = f"{source}.{name}"
        yield module if source.split(".", maxsplit=1)[0] in PACKAGES and _file(module) else source


@cache
def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


@cache
def _meaning(path: Path) -> str:
    """Hash of a file's text without docstrings, comment lines and blank lines.

    By patterns and not by syntax trees, which would take longer than everything else that is loaded.
    """
    text = BLANK.sub("", COMMENT.sub("", DOCSTRING.sub(r"\1", _text(path))))
    return hashlib.sha256(text.encode()).hexdigest()
