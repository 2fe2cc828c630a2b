from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import pytest

from ops_gpu.graph.operator import Operator


@dataclass(frozen=True, repr=False)
class Anything(Operator):
    by: Any


@dataclass(frozen=True, repr=False)
class Shift(Operator):
    by: int = 1
    names: tuple[str, ...] = ()


@dataclass(frozen=True, repr=False)
class Grown(Operator):
    """One that has learnt to do better."""

    before: ClassVar[Mapping[str, Any]] = {"better": False}

    by: int = 1
    better: bool = True


def test_what_was_saved_before_a_parameter_was_there_stays_as_it_was() -> None:
    older = {"operator": "Grown", "parameters": {"by": 2}}
    assert Operator.from_dict(older) == Grown(2, better=False)
    assert Operator.from_dict(older).to_dict() == older  # and keeps the hashes of the workflows that hold it
    assert Operator.from_dict(Grown(2).to_dict()) == Grown(2)


def test_round_trip_keeps_parameters_immutable() -> None:
    again = Operator.from_dict(Shift(2, ("a", "b")).to_dict())
    assert again == Shift(2, ("a", "b"))


def test_unknown_operators_and_parameters_are_named() -> None:
    with pytest.raises(ValueError, match=r"no operator is named 'Shaft'.*Shift"):
        Operator.from_dict({"operator": "Shaft", "parameters": {}})
    with pytest.raises(ValueError, match=r"Shift takes other parameters than \['byte'\]"):
        Operator.from_dict({"operator": "Shift", "parameters": {"byte": 1}})


def test_what_is_not_json_cannot_be_saved() -> None:
    with pytest.raises(TypeError, match="Anything cannot be saved"):
        Anything(lambda x: x).to_dict()


def test_two_operators_of_one_name_are_an_error() -> None:
    def define() -> None:
        class Shift(Operator):
            """Another one."""

    with pytest.raises(TypeError, match="two operators are named 'Shift'"):
        define()
