"""The line of a key in a YAML file, for errors that come without one."""

from __future__ import annotations

from collections.abc import Sequence
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
    try:
        node = yaml.compose(file.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except (OSError, ValueError, yaml.YAMLError, RecursionError):
        return None
    line = None
    for key in keys:
        node = _below(node, key)
        if node is None:
            break
        line = node.start_mark.line + 1
    return line


def _below(node: yaml.Node | None, key: str) -> yaml.Node | None:
    if isinstance(node, yaml.MappingNode):
        return next((value for name, value in node.value if name.value == key), None)
    if isinstance(node, yaml.SequenceNode) and key.isdigit() and int(key) < len(node.value):
        found: yaml.Node = node.value[int(key)]
        return found
    return None
