"""Loading again what was live before a server ended."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Protocol

from serving.triton.names import CONFIG, changing, model_name, names_of
from serving.triton.triton_error import TritonError


class ModelControl(Protocol):
    """What is needed of a server."""

    def load(self, model: str) -> None:
        """Loads a model."""

    def parameters(self, model: str) -> Mapping[str, str] | None:
        """Parameters of a loaded model; None where it is not loaded."""


def restore_models(
    repository: Path, control: ModelControl, wait: bool = True, skip: Collection[str] = ()
) -> dict[str, str]:
    """Loads every recommender of a repository that is not loaded, each on its own.

    Args:
        repository: of the server, as we see it.
        control: of the server.
        wait: for recommenders that somebody deploys at this moment; otherwise they are left to him.
        skip: recommenders that are left alone.

    Returns:
        What went wrong, by recommender; empty when all is well.
    """
    problems = {}
    for name in names_of(repository):
        if name in skip or control.parameters(name) is not None:
            continue
        with changing(repository, name, wait) as mine:
            try:
                if mine and control.parameters(name) is None:
                    for model in _behind_a_router(repository, name):
                        control.load(model)
                    control.load(name)  # an ensemble brings the model it points at
            except TritonError as error:
                problems[name] = str(error)
    return problems


def restore_previous(repository: Path, control: ModelControl, skip: Collection[str] = ()) -> dict[str, str]:
    """Loads the releases to which loaded recommenders can be rolled back, where they are not loaded.

    Args:
        repository: of the server, as we see it.
        control: of the server.
        skip: models that are left alone.

    Returns:
        What went wrong, by model.
    """
    problems = {}
    for name in names_of(repository):
        with changing(repository, name, wait=False) as mine:
            model = _previous(name, control) if mine else None
            if model is None or model in skip or not (repository / model / CONFIG).exists():
                continue
            try:
                control.load(model)
            except TritonError as error:
                problems[model] = str(error)
    return problems


def _previous(name: str, control: ModelControl) -> str | None:
    """The model of the release before, where it is not loaded."""
    before = (control.parameters(name) or {}).get("previous")
    model = model_name(name, before) if before else None
    return model if model is not None and control.parameters(model) is None else None


def _behind_a_router(repository: Path, name: str) -> list[str]:
    """The models that a router calls, of which Triton does not know; none where no candidate is being tried."""
    if not any(repository.glob(f"{name}.router-*/{CONFIG}")):
        return []
    return [path.parent.name for path in sorted(repository.glob(f"{name}.*/{CONFIG}"))]
