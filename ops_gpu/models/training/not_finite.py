"""Whether training has gone well as far as numbers can tell, and what went wrong where it has not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ops_gpu.primitives.finite import NotFiniteError

if TYPE_CHECKING:
    from ops_gpu.features.training_data import TrainingData


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
