"""Names of models in a Triton repository, and the lock under which they change."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from serving.request.model_names import NAME

CONFIG = "config.pbtxt"
_STEP = re.compile(r'model_name: "([^"]+)"')
_LIVE = re.compile(r'key: "live_model" value \{ string_value: "([^"]+)"')


def names_of(repository: Path) -> list[str]:
    """The recommenders that a repository holds: models that applications call, without those of releases.

    A link counts for nothing: what it points at may lie outside the repository.
    """
    folders = (path.parent for path in sorted(repository.glob(f"*/{CONFIG}")))
    return [folder.name for folder in folders if NAME.fullmatch(folder.name) and not folder.is_symlink()]


def models_of(repository: Path, model: str) -> list[str]:
    """The models that an ensemble of the repository stands on; none for a model of another kind."""
    return _STEP.findall(_text(repository, model))


def live_behind(repository: Path, name: str) -> list[str]:
    """The model of the live release where a router stands before it, of which Triton does not know."""
    return [model for step in models_of(repository, name) for model in _LIVE.findall(_text(repository, step))]


def beneath(repository: Path, name: str) -> list[str]:
    """All models without which nothing answers under a name: itself, and whatever it stands on, however deep."""
    found = [name]
    for model in found:  # grows meanwhile
        found += [m for m in (*models_of(repository, model), *live_behind(repository, model)) if m not in found]
    return found


def _text(repository: Path, model: str) -> str:
    path = repository / model / CONFIG
    return path.read_text(encoding="utf-8") if path.exists() else ""


@contextlib.contextmanager
def changing(repository: Path, name: str, wait: bool = True) -> Iterator[bool]:
    """One change of a recommender at a time, over all processes.

    Args:
        repository: Triton's model repository.
        name: the recommender.
        wait: until nobody else changes it; otherwise false is given where somebody does.
    """
    repository.mkdir(parents=True, exist_ok=True)
    try:
        held = FileLock(repository / f".{name}.lock", blocking=wait).acquire()
    except Timeout:
        yield False
        return
    with held:
        yield True
