"""Model directories for Triton: one model a release, and the model that applications call."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ops_gpu.content_hash import hash_json
from serving.triton.model_config import ModelTensors, config_text, release_parameters, single_step
from serving.triton.warmup import Warmup

HASH_DIGITS = 12
ROUTERS = 2
"""Processes of a router: while one waits for answers, the other takes in what comes."""
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
MODEL_PY = '''"""Runs in Triton; all code lives in the package."""

import importlib.util
import sys

if importlib.util.find_spec("serving") is None:  # run from a checkout that was never installed
    sys.path.append({project!r})
    if importlib.util.find_spec("serving") is None:
        raise ModuleNotFoundError("the Python of this Triton server lacks recsys-assets; see docs/production.md")

from serving.triton.{module} import TritonPythonModel

__all__ = ["TritonPythonModel"]
'''


@dataclass(frozen=True)
class ModelSettings:
    """How Triton runs the model of a release.

    Args:
        instances: processes that answer side by side; each holds its own copy of models and indexes.
        max_batch_size: users that are answered in one pass, and so the most that one request may hold.
        queue_delay_us: microseconds that a request may wait for others to be joined with.
        decisions: folder of the decision logs, one folder a recommender, as the server sees it; None for none.
        log_rate: share of requests that are logged, 0 to 1.
        log_days: days that decisions are kept.
        release_cache: folder of that server for copies of releases that lie in an object store.
        feast: folder of the Feast repositories as the server sees it; None for `feast` beside `releases`.
    """

    instances: int = 1
    max_batch_size: int = 1024
    queue_delay_us: int = 0
    decisions: str | None = None
    log_rate: float = 1.0
    log_days: int = 30
    release_cache: str | None = None
    feast: str | None = None

    def places(self) -> dict[str, str]:
        """What the model of a release is told of where things lie; see `release_of_model`."""
        given = {"release_cache": self.release_cache, "feast": self.feast}
        return {name: path for name, path in given.items() if path is not None}

    def log_parameters(self, name: str) -> dict[str, str]:
        """What the model of a release is told of its log."""
        if self.decisions is None:
            return {}
        return {
            "log_folder": f"{self.decisions}/{name}",
            "log_rate": str(self.log_rate),
            "log_days": str(self.log_days),
        }


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
    warmup: Warmup,
) -> str:
    """Writes the model directory of a release, aside and then renamed; an existing one is kept.

    Args:
        repository: Triton's model repository.
        name: the recommender.
        release_hash: the release.
        release_path: the release's directory as the server sees it.
        tensors: inputs and outputs.
        settings: instances, batching, log.
        warmup: requests that are answered before the model is ready.

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
        f"dynamic_batching {{ max_queue_delay_microseconds: {settings.queue_delay_us} }}\n"
        f"{warmup.text}\n",
        release_parameters(
            release_hash, release_path=release_path, **settings.log_parameters(name), **settings.places()
        ),
    )
    return _write(repository, model, config, "backend_model", warmup)


def write_router(
    repository: Path, name: str, tensors: ModelTensors, max_batch_size: int, parameters: Mapping[str, str]
) -> str:
    """Writes the model that stands before a live release and a candidate; see `router_model`.

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
    more = f"instance_group [{{ count: {ROUTERS} kind: KIND_CPU }}]\ndynamic_batching {{ }}\n"
    config = config_text(model, 'backend: "python"', tensors, max_batch_size, more, parameters)
    return _write(repository, model, config, "router_model", Warmup("", {}))


def _write(repository: Path, model: str, config: str, module: str, warmup: Warmup) -> str:
    """Writes the directory of a Python model, aside and then renamed."""
    if (repository / model / "config.pbtxt").exists():
        if (repository / model / "config.pbtxt").read_text() == config:
            return model
        shutil.rmtree(repository / model)
    repository.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=".aside-", dir=repository))
    version = aside / "1"
    version.mkdir()
    code = MODEL_PY.format(project=str(Path(__file__).resolve().parents[2]), module=module)
    (version / "model.py").write_text(code)
    # A plain file where Python wants its cache folder: a cache that appears here would look to Triton like
    # a changed model, which it would then load a second time when the pointer to it is loaded.
    (version / "__pycache__").touch()
    (aside / "config.pbtxt").write_text(config)
    warmup.write(aside)
    aside.chmod(0o755)
    aside.replace(repository / model)
    return model


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
    step = single_step(model, tensors)
    config = config_text(name, 'platform: "ensemble"', tensors, max_batch_size, step, parameters)
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
