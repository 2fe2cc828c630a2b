from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from ops_gpu.operator import Operator


@dataclass(frozen=True, repr=False)
class Anything(Operator):
    by: Any


@dataclass(frozen=True, repr=False)
class Shift(Operator):
    by: int = 1
    names: tuple[str, ...] = ()


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
