"""The values of `--context`: texts, as the types that the recommender takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from serving.client.model_description import ModelDescription

TRUTH = {"true": True, "false": False}


def named_texts(pairs: Sequence[str]) -> dict[str, str]:
    """The values by name.

    Args:
        pairs: `NAME=VALUE` each.

    Raises:
        ValueError: for a pair without a `=`, or a name that comes twice.
    """
    found: dict[str, str] = {}
    for pair in pairs:
        name, sign, value = pair.partition("=")
        if not sign:
            raise ValueError(f"--context takes NAME=VALUE, got {pair!r}; write --context country=DE.")
        if name in found:
            raise ValueError(f"--context gives {name!r} twice, {found[name]!r} and {value!r}; give one of them.")
        found[name] = value
    return found


def values_of(texts: Mapping[str, str], model: ModelDescription) -> dict[str, Any]:
    """The same values as the model's inputs have them.

    Args:
        texts: by name.
        model: the recommender's model.

    Raises:
        ValueError: for a name that the model does not take, or a text that is no value of its type.
    """
    from serving.client.context import input_of

    return {name: _value(name, text, model.inputs[input_of(name, model)]) for name, text in texts.items()}


def _value(name: str, text: str, datatype: str) -> Any:
    if datatype == "UINT8":  # the bytes of a text
        return text
    try:
        if datatype == "BOOL":
            return TRUTH[text.lower()]
        return float(text) if datatype.startswith("FP") else int(text)
    except (ValueError, KeyError):
        kind = {"BOOL": "true or false"}.get(datatype, "a number" if datatype.startswith("FP") else "a whole number")
        raise ValueError(f"--context {name} must be {kind}, got {text!r}; write --context {name}=VALUE.") from None
