"""Loading again what was live before a server ended."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from serving.request.model_names import model_name
from serving.triton.control.triton_error import TritonError
from serving.triton.repository.names import CONFIG, beneath, changing, live_behind, names_of

if TYPE_CHECKING:
    from serving.triton.control.control import ModelStatus

UNLOADED = "unloaded"
"""What Triton gives as the reason where nothing went wrong."""


class ModelControl(Protocol):
    """What is needed of a server."""

    def load(self, model: str) -> None:
        """Loads a model."""

    def parameters(self, model: str) -> Mapping[str, str] | None:
        """Parameters of a loaded model; None where it is not loaded."""


class ModelIndex(ModelControl, Protocol):
    """A server that says of all its models how they are."""

    def models(self) -> Sequence[ModelStatus]:
        """All models of the repository, loaded or not."""


def bring_back(repository: Path, control: ModelIndex) -> dict[str, str]:
    """Loads every recommender of a repository that does not answer, or waits for whoever is loading it.

    One question to the server, and no more, where all answer. What could not be loaded since the server was started
    is not tried once more: it takes seconds, and the server's keeper does it, later each time.

    Args:
        repository: of the server, as we see it.
        control: of the server.

    Returns:
        Why a recommender does not answer, by its name; empty when all is well.
    """
    problems = {}
    known = {status.name: status for status in control.models()}
    for name in names_of(repository):
        if _answers(name, known):
            continue
        with changing(repository, name):  # held by whoever loads it at this moment
            known = {status.name: status for status in control.models()}
            if _answers(name, known):
                continue
            try:
                if problem := failure(repository, name, known):
                    raise TritonError(problem)
                load_live(repository, control, name)
            except TritonError as error:
                problems[name] = str(error)
    return problems


def _answers(name: str, known: Mapping[str, ModelStatus]) -> bool:
    return name in known and known[name].ready


def failure(repository: Path, name: str, known: Mapping[str, ModelStatus]) -> str:
    """Why a name, or a model that it stands on, could not be loaded; empty where nobody has tried.

    Args:
        repository: of the server, as we see it.
        name: the recommender.
        known: what the server says of its models, by their names.
    """
    reasons = [known[m].reason for m in beneath(repository, name) if m in known and not known[m].ready]
    # The deepest is the cause; those above it only say that it is missing.
    return next((reason for reason in reversed(reasons) if reason not in ("", UNLOADED)), "")


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
    """Loads what answers under a name; a challenger that is being tried is another matter (`restore_beside`).

    Raises:
        TritonError: when it cannot be loaded.
    """
    for model in live_behind(repository, name):
        control.load(model)
    control.load(name)  # an ensemble brings the models it stands on


def restore_beside(repository: Path, control: ModelControl, skip: Collection[str] = ()) -> dict[str, str]:
    """Loads what stands beside a recommender that answers, where it is not loaded.

    The release to which it can be rolled back, a challenger that is being tried, and the live one behind a router.

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
