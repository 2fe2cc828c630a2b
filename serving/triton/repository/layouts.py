"""The Triton models of a release, in the form that the settings ask for."""

from __future__ import annotations

from pathlib import Path

from serving.ensemble.ensemble import Ensemble
from serving.ensemble.source_names import source_names
from serving.release.release import Release
from serving.triton.repository.ensemble_layout import write_ensemble
from serving.triton.repository.model_config import ModelTensors
from serving.triton.repository.model_directory import write_model
from serving.triton.repository.model_settings import ModelSettings
from serving.triton.repository.warmup import Warmup


def write_release(
    repository: Path,
    name: str,
    release: Release,
    release_path: str,
    ensemble: Ensemble,
    tensors: ModelTensors,
    settings: ModelSettings,
    warmup: Warmup | None = None,
) -> str:
    """Writes the model `NAME.<hash>` of a release, and in the form `ensemble` those of its steps.

    Args:
        repository: Triton's model repository.
        name: the recommender.
        release: the release.
        release_path: its directory as the server sees it.
        ensemble: of the release, a description.
        tensors: inputs and outputs.
        settings: form, instances, batching, log.
        warmup: requests that are answered before the model is ready; of the form `fused`.

    Returns:
        The model's name, the same in both forms.
    """
    if settings.form.form == "ensemble":
        return write_ensemble(repository, name, release.hash, release_path, ensemble, tensors, settings)
    return write_model(repository, name, release.hash, release_path, tensors, settings, warmup, source_names(ensemble))
