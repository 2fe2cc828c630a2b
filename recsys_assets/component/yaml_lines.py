"""The line of a key in a YAML file, for errors that come without one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import yaml


def line_of(file: Path, keys: Sequence[str]) -> int | None:
    """The line, from 1, on which the value of a key stands.

    Args:
        file: the YAML.
        keys: the way to it, from the top; the positions of a list are numbers as text.

    Returns:
        The line of the last key of the way that is there; None when the first is not, or it is no YAML.
    """
    node, line = _top(file), None
    for key in keys:
        node = _below(node, key)
        if node is None:
            break
        line = node.start_mark.line + 1
    return line


def without(file: Path, keys: Iterable[str], foreign: Callable[[str], bool]) -> list[str]:
    """A way from the top without what is no key of the file.

    Args:
        file: the YAML.
        keys: the way.
        foreign: whether a part of it may be no key; it is kept where the file has a key of that name there.
    """
    node, found = _top(file), list[str]()
    for key in keys:
        below = _below(node, key)
        if below is not None or not foreign(key):
            node, found = below, [*found, key]
    return found


def _top(file: Path) -> yaml.Node | None:
    try:
        return yaml.compose(file.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except (OSError, ValueError, yaml.YAMLError, RecursionError):
        return None


def _below(node: yaml.Node | None, key: str) -> yaml.Node | None:
    if isinstance(node, yaml.MappingNode):
        return next((value for name, value in node.value if name.value == key), None)
    if isinstance(node, yaml.SequenceNode) and key.isdigit() and int(key) < len(node.value):
        found: yaml.Node = node.value[int(key)]
        return found
    return None
