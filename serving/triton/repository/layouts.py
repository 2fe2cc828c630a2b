"""The Triton models of a release, in the layout that the settings ask for."""

from __future__ import annotations

from pathlib import Path

from serving.ensemble.ensemble import Ensemble
from serving.triton.repository.ensemble_layout import write_ensemble
from serving.triton.repository.model_directory import write_model
from serving.triton.repository.released_model import ReleasedModel
from serving.triton.repository.warmup import Warmup


def write_release(repository: Path, model: ReleasedModel, ensemble: Ensemble, warmup: Warmup | None = None) -> str:
    """Writes the model of a release, and in the layout `ensemble` those of its steps.

    Args:
        repository: Triton's model repository.
        model: the release, and how it is served.
        ensemble: of the release, a description.
        warmup: requests that are answered before the model is ready; of the layout `fused`.

    Returns:
        The model's name, the same in both layouts.
    """
    if model.settings.form.form == "ensemble":
        return write_ensemble(repository, model, ensemble)
    return write_model(repository, model, warmup)
