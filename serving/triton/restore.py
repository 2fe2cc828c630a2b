"""Loading again what was live before a server ended."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Protocol

from serving.triton.names import CONFIG, changing, live_behind, model_name, names_of
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
                    load_live(repository, control, name)
            except TritonError as error:
                problems[name] = str(error)
    return problems


def load_live(repository: Path, control: ModelControl, name: str) -> None:
    """Loads what answers under a name; a candidate that is being tried is another matter (`restore_beside`).

    Raises:
        TritonError: when it cannot be loaded.
    """
    for model in live_behind(repository, name):
        control.load(model)
    control.load(name)  # an ensemble brings the models it stands on


def restore_beside(repository: Path, control: ModelControl, skip: Collection[str] = ()) -> dict[str, str]:
    """Loads what stands beside a recommender that answers, where it is not loaded.

    The release to which it can be rolled back, a candidate that is being tried, and the live one behind a router.

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
            for model in _missing(name, control) if mine else ():
                if model in skip or not (repository / model / CONFIG).exists():
                    continue
                try:
                    control.load(model)
                except TritonError as error:
                    problems[model] = str(error)
    return problems


def _missing(name: str, control: ModelControl) -> list[str]:
    told = control.parameters(name) or {}
    models = [model_name(name, told[key]) for key in ("release", "previous", "candidate") if told.get(key)]
    return [model for model in models if control.parameters(model) is None]
