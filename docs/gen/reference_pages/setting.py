"""What can be set in a class of settings: names, types, defaults and meanings, in the words of who writes YAML."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields, is_dataclass
from datetime import date
from inspect import getdoc
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from griffe import Docstring, DocstringSectionParameters
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

WORDS: Mapping[Any, str] = {
    int: "whole number",
    float: "number",
    str: "text",
    bool: "true or false",
    date: "date",
    NoneType: "null",
    Any: "any value",
}
OWN = "its own defaults"
"""What is said of the default of a section."""


@dataclass(frozen=True)
class Setting:
    """A key of the YAML.

    Args:
        name: the key.
        kind: what may stand there, in words.
        default: as YAML; None where it must be given.
        meaning: in a sentence.
        sections: classes of settings below it.
    """

    name: str
    kind: str
    default: str | None
    meaning: str
    sections: tuple[type, ...] = ()


def settings(section: type) -> list[Setting]:
    """The settings of a class, in its own order.

    Args:
        section: a dataclass or a model of pydantic; what its fields mean stands in its docstring, in that of a class
            above it, or in their descriptions.
    """
    meanings = _meanings(section)
    return [
        Setting(name, _kind(annotation), default, description or meanings.get(name, ""), tuple(_sections(annotation)))
        for name, annotation, default, description in _fields(section)
    ]


def summary(section: type) -> str:
    """The first paragraph of a class's docstring."""
    return (getdoc(section) or "").split("\n\n")[0].replace("\n", " ")


def _fields(section: type) -> Iterator[tuple[str, Any, str | None, str]]:
    if issubclass(section, BaseModel):
        for name, field in section.model_fields.items():
            yield name, field.annotation, _as_yaml(field.default), field.description or ""
        return
    hints = get_type_hints(section, include_extras=True)
    for given in fields(section) if is_dataclass(section) else ():
        made = given.default_factory is not MISSING
        default = given.default_factory() if given.default_factory is not MISSING else given.default
        yield given.name, hints[given.name], None if default is MISSING and not made else _as_yaml(default), ""


def _meanings(section: type) -> dict[str, str]:
    """What a docstring says below `Args:`, of a class and of those that it is built on."""
    found: dict[str, str] = {}
    for kind in reversed(section.__mro__):
        parts = Docstring(kind.__doc__ or "").parse("google", warnings=False)
        for part in parts:
            if isinstance(part, DocstringSectionParameters):
                found |= {argument.name: " ".join(argument.description.split()) for argument in part.value}
    return found


def _kind(annotation: Any) -> str:
    origin, parts = get_origin(annotation), get_args(annotation)
    if annotation in WORDS:
        return WORDS[annotation]
    if origin is Annotated:
        return _kind(parts[0])
    if origin is Literal:
        return "one of " + ", ".join(f"`{part}`" for part in parts)
    if origin in (Union, UnionType):
        return " or ".join(map(_kind, parts))
    if origin is not None and issubclass(origin, Mapping):
        return f"mapping from {_kind(parts[0])} to {_kind(parts[1])}"
    if origin is not None and issubclass(origin, Sequence):
        return f"list of {_kind(parts[0])}"
    return "section" if _is_section(annotation) else f"`{getattr(annotation, '__name__', annotation)}`"


def _sections(annotation: Any) -> Iterator[type]:
    if _is_section(annotation):
        yield annotation
    for part in get_args(annotation):
        yield from _sections(part)


def _is_section(annotation: Any) -> bool:
    return isinstance(annotation, type) and (is_dataclass(annotation) or issubclass(annotation, BaseModel))


def _as_yaml(default: Any) -> str | None:
    """A default on one line; of a section the keys say theirs themselves."""
    if default is PydanticUndefined:
        return None
    if isinstance(default, BaseModel) or is_dataclass(default):
        return OWN
    if isinstance(default, (tuple, list)) and any(map(is_dataclass, default)):
        return OWN
    return json.dumps(default, default=str, ensure_ascii=False)
