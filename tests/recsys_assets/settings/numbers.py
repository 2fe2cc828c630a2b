"""Every number that a `defs.yaml` can say, found by walking the classes of its settings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel

from recsys_assets.settings.model_settings import FAMILIES, section_class
from recsys_assets.settings.recommender_settings import RecommenderSettings

NEEDED: dict[str, dict[str, Any]] = {
    "Quota": {"column": "kind"},
    "Calibrated": {"column": "kind"},
    "Boost": {"column": "kind", "values": {"a": 0.5}},
}
"""What a section must say beside the number that is tried, by its class."""


@dataclass(frozen=True)
class Number:
    """One number of the settings.

    Args:
        keys: the way to it below `attributes`.
        beside: what its section must say too.
        whole: whether it is declared as `int`.
        within: `list` or `dict` where the field holds several.
        family: of the model, where it is not the default.
    """

    keys: tuple[str, ...]
    beside: Mapping[str, Any]
    whole: bool
    within: type | None
    family: str = ""

    @property
    def name(self) -> str:
        """The way to it as one word; of a model that is not the default, with its name."""
        section, *rest = self.keys
        return ".".join([section, *([self.family] if self.family else []), *rest])

    def attributes(self, value: Any) -> dict[str, Any]:
        """The attributes of a YAML that says this value here."""
        held = [value] if self.within is list else {"a": value} if self.within is dict else value
        section: Any = {**self.beside, self.keys[-1]: held}
        for key in reversed(self.keys[:-1]):
            section = [section] if key.isdigit() else {key: section}
        return dict(section)


def numbers(kind: Any = RecommenderSettings, keys: tuple[str, ...] = ()) -> Iterator[Number]:
    """All numbers of a class of settings, and of the sections below it; of models, those of every family."""
    for name, declared in _declared(kind).items():
        if kind is RecommenderSettings and (section := section_class(name, {})) is not None:
            yield from numbers(section, (name,))
            families, default = FAMILIES.get(name, ({}, ""))
            for other in set(families) - {default}:
                yield from (
                    replace(number, keys=(name, *number.keys), beside={"model": other}, family=other)
                    for number in numbers(families[other].config_class())
                )
            continue
        for choice in _choices(declared):
            within, inner = _held(choice)
            if inner in (int, float):
                yield Number((*keys, name), NEEDED.get(kind.__name__, {}), inner is int, within)
            elif is_dataclass(inner):
                yield from numbers(inner, (*keys, name, "0") if within is list else (*keys, name))


def _declared(kind: Any) -> dict[str, Any]:
    hints = get_type_hints(kind)
    names = kind.model_fields if issubclass(kind, BaseModel) else [field.name for field in fields(kind)]
    return {name: hints[name] for name in names}


def _choices(declared: Any) -> tuple[Any, ...]:
    union = get_origin(declared) is Union or type(declared).__name__ == "UnionType"
    return get_args(declared) if union else (declared,)


def _held(choice: Any) -> tuple[type | None, Any]:
    origin, inner = get_origin(choice), get_args(choice)
    if origin is not None and isinstance(origin, type) and issubclass(origin, Mapping):
        return dict, inner[1]
    return (list, inner[0]) if origin is not None and inner else (None, choice)
