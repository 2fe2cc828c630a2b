"""Keys that a YAML gives twice: the last one would hold, without a word."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import yaml


@dataclass(frozen=True)
class RepeatedKey:
    """A key that stands twice in one section.

    Args:
        path: the key, with those of the sections around it, joined by dots.
        first: line on which it stands first, from 1.
        again: line on which it stands again.
    """

    path: str
    first: int
    again: int

    def __str__(self) -> str:
        return f"{self.path} is given twice, first in line {self.first}; the last one would hold: leave one out."


def repeated_key(text: str) -> RepeatedKey | None:
    """The first key of a YAML that comes twice, at any depth; None where there is none, or the text is no YAML."""
    try:
        documents = list(yaml.compose_all(text, Loader=yaml.SafeLoader))
    except yaml.YAMLError:
        return None
    found = (key for document in documents for key in _repeated(document, (), set()))
    return min(found, key=lambda key: key.again, default=None)


def _repeated(node: yaml.Node | None, path: tuple[str, ...], visited: set[int]) -> Iterator[RepeatedKey]:
    if node is None or id(node) in visited:
        return
    visited.add(id(node))  # an anchor may stand within itself
    if isinstance(node, yaml.SequenceNode):
        for place, part in enumerate(node.value):
            yield from _repeated(part, (*path, str(place)), visited)
    elif isinstance(node, yaml.MappingNode):
        lines: dict[tuple[str, str], int] = {}
        for key, value in node.value:
            line, name = key.start_mark.line + 1, str(key.value)
            if (key.tag, name) in lines:
                yield RepeatedKey(".".join((*path, name)), lines[key.tag, name], line)
            lines.setdefault((key.tag, name), line)
            yield from _repeated(value, (*path, name), visited)
