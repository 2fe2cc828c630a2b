"""Refusing what is no number: NaN spreads to everything it meets, and as a score it looks like any other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from ops_gpu.training_data import TrainingData


class NotFiniteError(ValueError):
    """A number is none: null, NaN or infinite."""


def require_finite(values: npt.NDArray[Any], what: str, remedy: str | Callable[[], str]) -> None:
    """Checks that all numbers of an array are finite.

    Args:
        values: `[rows, ...]`; integers pass.
        what: what they are, as the beginning of the message's sentence.
        remedy: what to do, as its end, or what gives that, where finding it out takes time.

    Raises:
        NotFiniteError: says in how many rows there is a null, NaN or infinite number.
    """
    finite = np.isfinite(values)
    if not finite.all():
        rows = int((~finite.reshape(len(values), -1)).any(axis=1).sum())
        end = remedy if isinstance(remedy, str) else remedy()
        raise NotFiniteError(
            f"{what} hold no finite number (but null, NaN or infinity) in {rows:,} of {len(values):,} rows; {end}."
        )


def not_finite(columns: Mapping[str, npt.NDArray[Any]]) -> list[str]:
    """Names of the columns with a number that is not finite."""
    return [name for name, values in columns.items() if not np.isfinite(values).all()]


def not_finite_layers(model: Any) -> list[str]:
    """Names of the layers of a Keras model with a weight that is not finite."""
    return [layer.name for layer in model.layers if any(not np.isfinite(w).all() for w in layer.get_weights())]


def require_finite_weights(model: Any, part: str, why: Callable[[], str]) -> None:
    """Checks a model that was just fitted: the loss of an epoch says nothing of its last step.

    Args:
        model: the Keras model.
        part: what was fitted.
        why: gives the reason, as the end of a sentence.

    Raises:
        NotFiniteError: when a weight is not finite.
    """
    if not_finite_layers(model):
        raise NotFiniteError(f"weights of {part} are no finite numbers after the last step; {why()}.")


def why_not_finite(data: TrainingData, model: Any, setting: str) -> str:
    """Where numbers that are not finite come from, as the end of a sentence.

    Args:
        data: what the model reads.
        model: the Keras model.
        setting: the learning rate, as it stands in the YAML.
    """
    columns = not_finite({**data.users.columns, **data.items.columns})
    layers = not_finite_layers(model)
    found = f"the feature columns {', '.join(columns)} are not finite: fill or bound them in the feature graph"
    if not columns:
        found = f"all feature columns are finite: lower {setting}, or look for numbers that are far too large"
    return found + (f"; what went bad are the weights of {', '.join(layers)}" if layers else "")
