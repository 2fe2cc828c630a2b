"""Model directories for Triton: one model a release, and the model that applications call."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from ops_gpu.primitives.atomic_directory import atomic_directory
from ops_gpu.primitives.atomic_file import write_text
from ops_gpu.primitives.content_hash import hash_json
from serving.release.permissions import permitted
from serving.request.model_names import HASH_DIGITS
from serving.triton.repository.model_config import ModelTensors, batching, config_text, release_parameters, scheduling
from serving.triton.repository.released_model import ReleasedModel
from serving.triton.repository.warmup import Warmup

ROUTERS = 2
"""Processes of a router: while one waits for answers, the other takes in what comes."""
MODEL_PY = '''"""Runs in Triton; all code lives in the package."""

import codecs
import importlib.util
import os
import sys

_before = codecs.lookup_error("surrogateescape")


def _as_utf8(error):
    if not isinstance(error, UnicodeEncodeError):
        return _before(error)
    text = error.object[error.start : error.end]
    found = (bytes([ord(c) - 0xDC00]) if 0xDC80 <= ord(c) <= 0xDCFF else c.encode() for c in text)
    return b"".join(found), error.end


if sys.getfilesystemencoding() != "utf-8":  # the backend's Python takes paths for ASCII, whatever the locale says
    codecs.register_error("surrogateescape", _as_utf8)
    sys.path[:] = [os.fsencode(path).decode("utf-8", "surrogateescape") for path in sys.path]

if importlib.util.find_spec("serving") is None:  # run from a checkout that was never installed
    sys.path.append({project!r})
    if importlib.util.find_spec("serving") is None:
        raise ModuleNotFoundError("the Python of this Triton server lacks recsys-assets; see docs/how-to/triton.md")

from serving.triton.entry import model_class

TritonPythonModel = model_class({kind!r})
'''


def write_model(repository: Path, model: ReleasedModel, warmup: Warmup | None = None) -> str:
    """Writes the model directory of a release, aside and then renamed; an existing one is kept.

    Args:
        repository: Triton's model repository.
        model: the release, and how it is served.
        warmup: requests that are answered before the model is ready.

    Returns:
        The model's name.
    """
    settings = model.settings
    config = config_text(
        model.name,
        'backend: "python"',
        model.tensors,
        settings.max_batch_size,
        f"instance_group [{{ count: {settings.instances} kind: KIND_CPU }}]\n"
        f"{batching(settings.queue_delay_us)}"
        f"{warmup.text if warmup else ''}\n",
        release_parameters(
            model.release_hash,
            release_path=model.release_path,
            sources=",".join(model.sources),
            warmup_requests=str(warmup.requests if warmup else 0),
            **settings.log_parameters(model.recommender),
            **settings.places(),
        ),
    )
    return place_model(repository, model.name, config, "release", warmup)


def write_router(
    repository: Path, name: str, tensors: ModelTensors, max_batch_size: int, parameters: Mapping[str, str]
) -> str:
    """Writes the model that stands before a live release and a challenger; see `router_model`.

    Args:
        repository: Triton's model repository.
        name: the recommender.
        tensors: inputs and outputs, those of both releases' models.
        max_batch_size: of both.
        parameters: what the router is told; other ones make another router, so that it can be loaded beside.

    Returns:
        The model's name, `NAME.router-<digits>`.
    """
    digits = hash_json(dict(parameters))[:HASH_DIGITS]
    model = f"{name}.router-{digits}"
    more = f"instance_group [{{ count: {ROUTERS} kind: KIND_CPU }}]\n{batching()}"
    config = config_text(model, 'backend: "python"', tensors, max_batch_size, more, parameters)
    return place_model(repository, model, config, "router")


def place_model(repository: Path, model: str, config: str, kind: str | None, warmup: Warmup | None = None) -> str:
    """Writes the directory of a model, aside and then renamed; one of the same configuration is kept.

    Args:
        repository: Triton's model repository.
        model: its name.
        config: its configuration.
        kind: what the Python backend runs, one of `serving.triton.entry.MODELS`; None for an ensemble.
        warmup: requests that the configuration speaks of.

    Returns:
        The model's name.
    """
    place = repository / model
    if (place / "config.pbtxt").exists() and (place / "config.pbtxt").read_text(encoding="utf-8") == config:
        return model
    with atomic_directory(place) as aside:
        _write(aside, config, kind, warmup)
    return model


def _write(folder: Path, config: str, kind: str | None, warmup: Warmup | None) -> None:
    version = folder / "1"
    version.mkdir()
    if kind is not None:
        code = MODEL_PY.format(project=str(Path(__file__).resolve().parents[3]), kind=kind)
        (version / "model.py").write_text(code, encoding="utf-8")
    # A plain file where Python wants its cache folder: a cache that appears here would look to Triton like
    # a changed model, which it would then load a second time when the pointer to it is loaded.
    (version / "__pycache__").touch()
    (folder / "config.pbtxt").write_text(config, encoding="utf-8")
    if warmup is not None:
        warmup.write(folder)
    folder.chmod(permitted(0o755))


def write_pointer(
    repository: Path,
    name: str,
    model: str,
    tensors: ModelTensors,
    max_batch_size: int,
    parameters: Mapping[str, str],
) -> str | None:
    """Writes the model that applications call: a one-step ensemble over the model of a release, or a router.

    Args:
        repository: Triton's model repository.
        name: the recommender.
        model: what it points at.
        tensors: inputs and outputs, those of that model.
        max_batch_size: that of that model.
        parameters: what is to be known of it; see `LiveRelease`.

    Returns:
        The configuration that was there before, None where there was none.
    """
    step = scheduling({model: tensors})
    config = config_text(name, 'platform: "ensemble"', tensors, max_batch_size, step, parameters)
    return replace_config(repository, name, config)


def replace_config(repository: Path, model: str, config: str) -> str | None:
    """Puts a configuration in the place of a model's present one by renaming; returns the one before.

    Where it cannot be written, nothing is left of it, nor of a model that had none.
    """
    folder = repository / model
    path = folder / "config.pbtxt"
    before = path.read_text(encoding="utf-8") if path.exists() else None
    try:
        (folder / "1").mkdir(parents=True, exist_ok=True)
        write_text(path, config)
    except OSError:
        if before is None:
            shutil.rmtree(folder, ignore_errors=True)
        raise
    return before
