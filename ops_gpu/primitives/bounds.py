"""Numbers of settings within their bounds, each refused by name."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ops_gpu.primitives.setting_error import SettingError

LARGEST_SEED = 2**32 - 1
"""Of the generators of Keras and NumPy."""


def check_whole(settings: Any, least: int, most: int, *names: str) -> None:
    """Checks fields that are whole numbers, or sequences of them.

    Args:
        settings: the object that holds them.
        least: the smallest value that makes sense.
        most: the largest one.
        names: of the fields.

    Raises:
        SettingError: for the first value outside, NaN and fractions included.

    Example:
        >>> check_whole(TwoTowerConfig(), 1, 1000, "epochs", "continue_epochs")
    """
    for name, value, keys in _values(settings, names):
        if not (least <= value <= most and value == int(value)):
            raise SettingError(f"{name} is {value}, expected a whole number from {least:,} to {most:,}.", *keys)


def check_number(settings: Any, least: float, most: float, *names: str, above: bool = False) -> None:
    """Checks fields that are numbers, or sequences or mappings of them; as `check_whole`.

    Args:
        settings: the object that holds them.
        least: the smallest value that makes sense.
        most: the largest one.
        names: of the fields.
        above: whether `least` itself is too little.
    """
    for name, value, keys in _values(settings, names):
        if math.isnan(value) or not least <= value <= most or (above and value == least):
            first = "a number above" if above else "a number from"
            joint = "and up to" if above else "to"
            raise SettingError(f"{name} is {value}, expected {first} {least:g} {joint} {most:,g}.", *keys)


def _values(settings: Any, names: Sequence[str]) -> list[tuple[str, Any, tuple[str, ...]]]:
    """Every number of these fields, how messages call it, and the keys that lead to it."""
    found: list[tuple[str, Any, tuple[str, ...]]] = []
    for name in names:
        value = getattr(settings, name)
        if isinstance(value, int | float):
            found.append((name, value, (name,)))
        elif isinstance(value, dict):
            found += [(f"{name}.{key}", part, (name, str(key))) for key, part in value.items()]
        else:
            found += [(f"{name}[{at}]", part, (name, str(at))) for at, part in enumerate(value)]
    return found
