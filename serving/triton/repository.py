"""Model directories for Triton: one model a release, and the model that applications call."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from serving.triton.model_config import ModelTensors, config_text, release_parameters, single_step
from serving.triton.names import model_name

__all__ = ["ModelSettings", "model_name", "replace_config", "write_model", "write_pointer"]

MODEL_PY = '''"""Serves one release; all code lives in the package."""

import importlib.util
import sys

if importlib.util.find_spec("serving") is None:  # run from a checkout that was never installed
    sys.path.append({project!r})

from serving.triton.backend_model import TritonPythonModel

__all__ = ["TritonPythonModel"]
'''


@dataclass(frozen=True)
class ModelSettings:
    """How Triton runs the model of a release.

    Args:
        instances: processes that answer side by side; each holds its own copy of models and indexes.
        max_batch_size: users that are answered in one pass, and so the most that one request may hold.
        queue_delay_us: microseconds that a request may wait for others to be joined with.
    """

    instances: int = 1
    max_batch_size: int = 1024
    queue_delay_us: int = 0


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
    if (repository / model / "config.pbtxt").exists():
        if (repository / model / "config.pbtxt").read_text() == config:
            return model
        shutil.rmtree(repository / model)
    repository.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=".aside-", dir=repository))
    version = aside / "1"
    version.mkdir()
    (version / "model.py").write_text(MODEL_PY.format(project=str(Path(__file__).resolve().parents[2])))
    # A plain file where Python wants its cache folder: a cache that appears here would look to Triton like
    # a changed model, which it would then load a second time when the pointer to it is loaded.
    (version / "__pycache__").touch()
    (aside / "config.pbtxt").write_text(config)
    aside.chmod(0o755)
    aside.replace(repository / model)
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
