"""Operator: one step of a graph, for features and for serving alike."""

from __future__ import annotations

import dataclasses
import inspect
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import wraps
from typing import Any, ClassVar

from ops_gpu.graph.parameter_types import check_parameters
from ops_gpu.schema.schema import Schema

Groups = tuple[tuple[str, ...], ...]


class Operator:
    """What a graph knows of a step: which columns it takes and gives, and how it is saved.

    Feature operators (`ops_gpu.operators`) work on Polars frames, serving operators (`serving.operators`) on
    arrays; the graph knows neither. A subclass is a frozen dataclass whose fields are its parameters (or it
    overrides `parameters`), and is registered by its class name when its module is imported, so that
    `Operator.from_dict` finds it. One that columns are sent to by `>>` is a `Step` (`ops_gpu.graph.node`).
    """

    _registry: ClassVar[dict[str, type[Operator]]] = {}

    regroups: ClassVar[bool] = False
    """True where the rows given are not those taken, but one a group of them."""

    before: ClassVar[Mapping[str, Any]] = {}
    """Parameters that older versions did not know, with the values that say what those did. Where they have these they
    are not saved, and what was saved without them is read so: it goes on working as it did."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        known = Operator._registry.get(cls.__name__)
        if known is not None and (known.__module__, known.__qualname__) != (cls.__module__, cls.__qualname__):
            raise TypeError(
                f"two operators are named {cls.__name__!r}, in {known.__module__} and {cls.__module__}; rename one."
            )
        Operator._registry[cls.__name__] = cls
        own = cls.__dict__.get("__post_init__")
        if own is not None:
            cls.__post_init__ = _checked(own)  # type: ignore[assignment,method-assign]

    def __post_init__(self) -> None:
        """Refuses parameters of another type than the dataclass declares; called by its `__init__`."""
        check_parameters(self)

    @property
    def name(self) -> str:
        """Class name, under which the operator is saved and shown."""
        return type(self).__name__

    def parameters(self) -> dict[str, Any]:
        """The constructor's arguments as JSON; by default the fields of the dataclass."""
        if not dataclasses.is_dataclass(self):
            return {}
        return {field.name: getattr(self, field.name) for field in dataclasses.fields(self) if field.init}

    def companions(self) -> tuple[str, ...]:
        """Columns that it reads beside those on its left; `>>` adds those that are not there as raw columns."""
        return ()

    def required(self, names: Sequence[str]) -> tuple[str, ...]:
        """Of the columns `names` taken, those without which it computes nothing at all; by default its companions."""
        return self.companions()

    def needed(self, outputs: Collection[str], names: Sequence[str]) -> set[str]:
        """Of the columns `names` taken, those that the columns `outputs` given follow from.

        By default a column follows from that of its name and from the companions; where a name is new, from all.
        """
        return {*outputs, *self.companions()} if set(names).issuperset(outputs) else set(names)

    def output_names(self, names: Sequence[str]) -> tuple[str, ...]:
        """Names of the columns given for columns `names` taken; by default the same."""
        return tuple(names)

    def output_schema(self, schema: Schema) -> Schema:
        """Schema of the columns given for columns of `schema` taken; by default the same."""
        return schema

    def check_saveable(self) -> None:
        """TypeError where the operator works but cannot be saved; by default every one can."""

    def check_servable(self) -> None:
        """ValueError where it works, and maybe can be saved, but a release cannot hold it; by default every one can."""

    def to_dict(self) -> dict[str, Any]:
        """Class name and parameters as JSON; TypeError where a parameter is not JSON."""
        given = self.parameters().items()
        parameters = {k: value for k, value in given if k not in self.before or value != self.before[k]}
        try:
            return {"operator": self.name, "parameters": json.loads(json.dumps(parameters, allow_nan=False))}
        except (TypeError, ValueError) as error:
            raise TypeError(
                f"{self.name} cannot be saved: its parameters {parameters} must be JSON ({error})."
            ) from error

    @staticmethod
    def from_dict(data: Mapping[str, Any]) -> Operator:
        """The operator that `to_dict` wrote.

        Args:
            data: `{"operator": class name, "parameters": {...}}`.

        Raises:
            ValueError: when no imported class has this name, or it takes other parameters.
        """
        name = data["operator"]
        if name not in Operator._registry:
            raise ValueError(
                f"no operator is named {name!r}; import the module that defines it, or use one of "
                f"{', '.join(sorted(Operator._registry))}."
            )
        cls = Operator._registry[name]
        parameters = {**cls.before, **{key: _frozen(value) for key, value in data["parameters"].items()}}
        try:
            inspect.signature(cls).bind(**parameters)
        except TypeError as error:
            given = sorted(data["parameters"])
            raise ValueError(f"operator {name} takes other parameters than {given}: {error}.") from error
        return cls(**parameters)

    def __repr__(self) -> str:
        arguments = ", ".join(f"{key}={value!r}" for key, value in self.parameters().items())
        return f"{self.name}({arguments})"


def _checked(own: Callable[[Any], None]) -> Callable[[Any], None]:
    """The `__post_init__` of a subclass, after the types were looked at: it may rely on them."""

    @wraps(own)
    def check(self: Any) -> None:
        if type(self).__post_init__ is check:  # not once more for one that a subclass calls
            check_parameters(self)
        own(self)

    return check


def _frozen(value: Any) -> Any:
    """JSON lists as tuples, so that parameters stay immutable."""
    return tuple(_frozen(item) for item in value) if isinstance(value, list) else value
