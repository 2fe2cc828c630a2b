"""Pages of classes: one entry for every public name of a package, by the folder that it lies in."""

from __future__ import annotations

import importlib
import inspect
from collections import defaultdict


def classes_page(title: str, introduction: str, faces: tuple[str, ...]) -> str:
    """Entries that mkdocstrings fills in.

    Args:
        title: of the page.
        introduction: below it.
        faces: packages whose public names are shown.
    """
    lines = [f"# {title}", introduction]
    for face in faces:
        for section, paths in _sections(face).items():
            lines += [f"## {section}", *(f"::: {path}\n    options:\n      heading_level: 3" for path in paths)]
    return "\n\n".join(lines) + "\n"


def _sections(face: str) -> dict[str, list[str]]:
    """Dotted paths of the public names of a package, by the folder below it."""
    package, found = importlib.import_module(face), defaultdict[str, list[str]](list)
    for name in sorted(package.__all__):
        made = inspect.unwrap(getattr(package, name))
        below = made.__module__.removeprefix(f"{face}.").split(".")
        section = below[0].replace("_", " ") if len(below) > 1 else face
        found[section].append(f"{made.__module__}.{made.__qualname__}")
    return dict(found)
