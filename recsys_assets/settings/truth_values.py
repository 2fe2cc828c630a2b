"""Yes and no where a number is expected: pydantic would take them for 1 and 0."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel

from ops_gpu.primitives.setting_error import SettingError


def check_truth_values(section: type, values: Mapping[str, Any]) -> None:
    """Refuses true and false for settings that are numbers.

    Args:
        section: class of a section: a model of pydantic, or a dataclass.
        values: what the YAML says there.

    Raises:
        SettingError: for the first one, with the keys that lead to it.
    """
    for keys, value in _wrong(section, values, ()):
        name = f"{keys[-2]}[{keys[-1]}]" if keys[-1].isdigit() else keys[-1]
        raise SettingError(f"{name} is {str(value).lower()}, as YAML reads yes and no, expected a number.", *keys)


def _wrong(kind: Any, value: Any, keys: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], bool]]:
    """Truth values at or below a setting of this type that are to be numbers."""
    kinds = _choices(kind)
    if isinstance(value, bool):
        if bool not in kinds and not {int, float}.isdisjoint(kinds):
            yield keys, value
    elif isinstance(value, Mapping):
        for name, part in value.items():
            for one in kinds:
                inner = _inner(one, str(name))
                if inner is not None:
                    yield from _wrong(inner, part, (*keys, str(name)))
    elif isinstance(value, list | tuple):
        for one in (one for one in kinds if get_origin(one) in (Sequence, list, tuple)):
            for place, part in enumerate(value):
                yield from _wrong(get_args(one)[0], part, (*keys, str(place)))


def _choices(kind: Any) -> tuple[Any, ...]:
    return get_args(kind) if get_origin(kind) in (Union, UnionType) else (kind,)


def _inner(kind: Any, name: str) -> Any:
    """The type of what stands under a name: a setting of a section, or a value of a mapping."""
    if get_origin(kind) is not None and issubclass(get_origin(kind), Mapping):
        return get_args(kind)[1]
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return kind.model_fields[name].annotation if name in kind.model_fields else None
    if isinstance(kind, type) and is_dataclass(kind):
        return get_type_hints(kind)[name] if name in {field.name for field in fields(kind)} else None
    return None
