"""Are the parameters of an operator of the types that it declares?"""

from __future__ import annotations

import dataclasses
import inspect
import sys
import typing
from functools import cache
from typing import Any

from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic.errors import PydanticUserError


def check_parameters(operator: Any) -> None:
    """Compares each field of a dataclass with its annotation, before anything is done with it.

    Raises:
        TypeError: names the parameter, what is expected and what was given.
    """
    for name, (adapter, expected) in _adapters(operator.__class__).items():
        value = getattr(operator, name)
        try:
            adapter.validate_python(value)
        except ValidationError as error:
            said = "; ".join(dict.fromkeys(problem["msg"] for problem in error.errors(include_url=False)))
            raise TypeError(
                f"{type(operator).__name__} has {name}={value!r}, expected {expected} ({said}); correct it."
            ) from error


@cache
def _adapters(cls: type) -> dict[str, tuple[TypeAdapter[Any], str]]:
    """What checks a field, and its annotation as written; types of no meaning at run time are left out."""
    found: dict[str, tuple[TypeAdapter[Any], str]] = {}
    fields = {field.name for field in dataclasses.fields(cls) if field.init} if dataclasses.is_dataclass(cls) else set()
    for owner in reversed(cls.__mro__):
        for name, written in inspect.get_annotations(owner).items():
            found.pop(name, None)
            if name not in fields:
                continue
            try:
                hint = typing.get_type_hints(_Holder.of(name, written), vars(sys.modules[owner.__module__]))[name]
                found[name] = TypeAdapter(hint, config=ConfigDict(strict=True, arbitrary_types_allowed=True)), written
            except (NameError, PydanticUserError):  # imported for the type checker alone, or a type of its own
                continue
    return found


class _Holder:
    """Carries one annotation: a name that cannot be resolved must not hide the others."""

    @staticmethod
    def of(name: str, written: Any) -> type:
        return type("Holder", (), {"__annotations__": {name: written}})
