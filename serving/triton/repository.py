"""Model directories for Triton: one model a release, and the model that applications call."""

from __future__ import annotations

import re
import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from serving.triton.form_settings import FormSettings
from serving.triton.model_config import ModelTensors, config_text, release_parameters, single_step

HASH_DIGITS = 12
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
MODEL_NAME = re.compile(r'model_name: "([^"]+)"')
MODEL_PY = '''"""Runs in Triton; all code lives in the package."""

import importlib.util
import sys

if importlib.util.find_spec("serving") is None:  # run from a checkout that was never installed
    sys.path.append({project!r})

from serving.triton.{module} import TritonPythonModel

__all__ = ["TritonPythonModel"]
'''


@dataclass(frozen=True)
class ModelSettings:
    """How Triton runs the model of a release.

    Args:
        instances: processes that answer side by side; each holds its own copy of models and indexes.
        max_batch_size: users that are answered in one pass, and so the most that one request may hold.
        queue_delay_us: microseconds that a request may wait for others to be joined with; in the form `ensemble`,
            whose steps would all wait anew, requests are joined only while they wait for each other anyway.
        form: one model for the whole graph, or many.
    """

    instances: int = 1
    max_batch_size: int = 1024
    queue_delay_us: int = 0
    form: FormSettings = field(default_factory=FormSettings)


def model_name(name: str, release_hash: str) -> str:
    """Name of the Triton model of a release: `NAME.<first 12 digits of the hash>`.

    Raises:
        ValueError: when the name could reach outside its place in the repository.
    """
    for part in (name, release_hash):
        if not NAME.fullmatch(part):
            raise ValueError(f"A model's name has letters, digits, '_' and '-', got {part!r}; rename it.")
    return f"{name}.{release_hash[:HASH_DIGITS]}"


def write_model(
    repository: Path,
    name: str,
    release_hash: str,
    release_path: str,
    tensors: ModelTensors,
    settings: ModelSettings,
) -> str:
    """Writes the model directory of a release, aside and then renamed; an existing one is kept.

    Args:
        repository: Triton's model repository.
        name: the recommender.
        release_hash: the release.
        release_path: the release's directory as the server sees it.
        tensors: inputs and outputs.
        settings: instances and batching.

    Returns:
        The model's name.
    """
    model = model_name(name, release_hash)
    config = config_text(
        model,
        'backend: "python"',
        tensors,
        settings.max_batch_size,
        f"instance_group [{{ count: {settings.instances} kind: KIND_CPU }}]\n"
        f"dynamic_batching {{ max_queue_delay_microseconds: {settings.queue_delay_us} }}\n",
        release_parameters(release_hash, release_path=release_path),
    )
    return place_model(repository, model, config, "backend_model")


def place_model(repository: Path, model: str, config: str, module: str | None) -> str:
    """Writes the directory of a model, aside and then renamed; one of the same configuration is kept.

    Args:
        repository: Triton's model repository.
        model: its name.
        config: its configuration.
        module: module of `serving.triton` whose `TritonPythonModel` the Python backend runs; None for an ensemble.

    Returns:
        The model's name.
    """
    place = repository / model
    if (place / "config.pbtxt").exists() and (place / "config.pbtxt").read_text() == config:
        return model
    repository.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=".aside-", dir=repository))
    version = aside / "1"
    version.mkdir()
    if module is not None:
        code = MODEL_PY.format(project=str(Path(__file__).resolve().parents[2]), module=module)
        (version / "model.py").write_text(code)
    # A plain file where Python wants its cache folder: a cache that appears here would look to Triton like
    # a changed model, which it would then load a second time when the pointer to it is loaded.
    (version / "__pycache__").touch()
    (aside / "config.pbtxt").write_text(config)
    aside.chmod(0o755)
    shutil.rmtree(place, ignore_errors=True)
    aside.replace(place)
    return model


def write_pointer(
    repository: Path, name: str, release_hash: str, tensors: ModelTensors, max_batch_size: int, previous: str
) -> str | None:
    """Writes the model that applications call: a one-step ensemble over the model of a release.

    Args:
        repository: Triton's model repository.
        name: the recommender.
        release_hash: the release to point at.
        tensors: inputs and outputs, those of the release's model.
        max_batch_size: that of the release's model.
        previous: hash of the release that it pointed at before, or an empty string.

    Returns:
        The configuration that was there before, None where there was none.
    """
    target = model_name(name, release_hash)
    config = config_text(
        name,
        'platform: "ensemble"',
        tensors,
        max_batch_size,
        single_step(target, tensors),
        release_parameters(release_hash, previous=previous),
    )
    return replace_config(repository, name, config)


def models_of(repository: Path, model: str) -> list[str]:
    """The models that an ensemble of the repository stands on; none for a model of another kind."""
    path = repository / model / "config.pbtxt"
    return MODEL_NAME.findall(path.read_text()) if path.exists() else []


def replace_config(repository: Path, model: str, config: str) -> str | None:
    """Puts a configuration in the place of a model's present one by renaming; returns the one before."""
    folder = repository / model
    (folder / "1").mkdir(parents=True, exist_ok=True)
    path = folder / "config.pbtxt"
    before = path.read_text() if path.exists() else None
    aside = folder / ".config.pbtxt"
    aside.write_text(config)
    aside.replace(path)
    return before
