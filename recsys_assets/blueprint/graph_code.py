"""The code behind a feature graph of one's own: the function's module, and every module of the user's below it."""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

OURS = ("ops_gpu", "serving", "feature_repo", "resources", "recsys_assets")


def graph_code(function: str, beside: Path) -> dict[str, str]:
    """What a function's result depends on, so that editing any of it makes the features stale.

    Followed are imports at any depth, inside functions too, to modules that lie beside the YAML, in the function's own
    package, or elsewhere outside the standard library and the installed packages. Ours count by themselves.

    Args:
        function: dotted name, `package.module.function`.
        beside: folder of the YAML, in which modules are looked for first.

    Returns:
        SHA-256 (hexadecimal) of each module's file, by name; empty where the function's module is not found.
    """
    module = function.rpartition(".")[0]
    found: dict[str, str] = {}
    waiting = [module]
    while waiting:
        name = waiting.pop()
        path = find_module(name, beside)
        if name in found or path is None or not _is_users(name, path, module.partition(".")[0], beside):
            continue
        source = path.read_bytes()
        found[name] = hashlib.sha256(source).hexdigest()
        waiting += [*_packages_above(name), *_imports(source, name, path)]
    return found


def find_module(name: str, beside: Path) -> Path | None:
    """The file of a module: beside the YAML, or else where Python would import it from; nothing is imported."""
    top, *rest = name.split(".")
    for place in _places(Path(beside, top), rest):
        return place
    try:
        spec = importlib.util.find_spec(top)
    except (ImportError, ValueError):
        return None
    if spec is None or (spec.origin in (None, "built-in", "frozen") and not spec.submodule_search_locations):
        return None
    if not spec.submodule_search_locations:
        return Path(spec.origin) if spec.origin and not rest else None
    return next((p for folder in spec.submodule_search_locations for p in _places(Path(folder), rest)), None)


def _places(top: Path, rest: list[str]) -> Iterator[Path]:
    place = Path(top, *rest)
    yield from (path for path in (place.with_name(f"{place.name}.py"), place / "__init__.py") if path.is_file())


def _is_users(name: str, path: Path, own: str, beside: Path) -> bool:
    top = name.partition(".")[0]
    if top == own:
        return True
    installed = [Path(sysconfig.get_path(kind)).resolve() for kind in ("purelib", "platlib", "stdlib")]
    if top in OURS or any(path.resolve().is_relative_to(folder) for folder in installed):
        return False
    # One beside the YAML may have the name of a module of Python's, and is found before that.
    return top not in sys.stdlib_module_names or path.is_relative_to(beside)


def _packages_above(name: str) -> list[str]:
    parts = name.split(".")
    return [".".join(parts[:length]) for length in range(1, len(parts))]


def _imports(source: bytes, name: str, path: Path) -> Iterator[str]:
    """Names of modules that a module may import; some of them may be names in modules, and are not found."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return  # told when the function is called
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            yield base
            yield from (f"{base}.{alias.name}" if base else alias.name for alias in node.names)
