"""A release as a Triton model repository that any server can load, without one being there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from serving.ensemble.ensemble import FILE, Ensemble
from serving.release.release import Release
from serving.triton.repository.layouts import write_release
from serving.triton.repository.model_config import release_parameters
from serving.triton.repository.model_directory import write_pointer
from serving.triton.repository.model_settings import ModelSettings
from serving.triton.repository.released_model import ReleasedModel


def export(
    release: Release,
    repository: Path,
    form: str = "fused",
    settings: ModelSettings | None = None,
    release_path: str | None = None,
    name: str | None = None,
) -> str:
    """Writes a model repository that `tritonserver --model-repository=REPOSITORY` serves.

    It holds the model of the release and the model that applications call by the recommender's name. Both forms take
    and give the same tensors; see `LayoutSettings` for what tells them apart. The server needs Triton's Python backend,
    this package in the backend's Python, and the release's directory.

    Args:
        release: the release.
        repository: the folder; other recommenders in it are left alone.
        form: `fused` or `ensemble`.
        settings: instances, batching and grouping; the form they name is not looked at.
        release_path: the release's directory as the server sees it, where that differs.
        name: what applications call it, where that is not the recommender's name.

    Returns:
        The name of the release's model.

    Raises:
        ValueError: for another form, or a graph that the form `ensemble` cannot carry.

    Example:
        >>> export(Release.open(path), Path("models"), form="ensemble")
        'demo...'
    """
    ensemble = Ensemble.load(release.part(FILE))
    wanted = settings or ModelSettings()
    chosen = replace(wanted, form=replace(wanted.form, form=form))
    model = ReleasedModel.of(release, ensemble, chosen, release_path, name)
    write_release(repository, model, ensemble)
    parameters = release_parameters(release.hash)
    write_pointer(repository, model.recommender, model.name, model.tensors, chosen.max_batch_size, parameters)
    return model.name
