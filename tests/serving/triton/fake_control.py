"""Model control of a server that holds no models: what is loaded stays as its files were then, as in Triton."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self
from unittest.mock import patch

from google.protobuf import text_format
from tritonclient.grpc import model_config_pb2

from serving.release.manifest import Manifest
from serving.release.release import MANIFEST, Release
from serving.triton.control.control import ModelStatus, TritonError
from serving.triton.deployment import promotion
from serving.triton.deployment.target import TritonTarget


class FakeControl:
    """Loads the configurations of a repository.

    Args:
        repository: of the server.
    """

    def __init__(self, repository: Path) -> None:
        self._repository = repository
        self._loaded: dict[str, Any] = {}
        self.broken: set[str] = set()
        """Models that cannot be loaded."""

    def load(self, model: str) -> None:
        path = self._repository / model / "config.pbtxt"
        if model in self.broken or not path.exists():
            raise TritonError(f"{model} cannot be loaded.")
        config = text_format.Parse(path.read_text(), model_config_pb2.ModelConfig())
        told = {key: value.string_value for key, value in config.parameters.items()}
        if "release_path" in told and not Path(told["release_path"], MANIFEST).is_file():
            raise TritonError(f"{told['release_path']} is no release: it has no {MANIFEST}.")
        for step in self._steps(config):
            if step not in self._loaded:
                self.load(step)
        self._loaded[model] = config

    def unload(self, model: str) -> None:
        self._loaded.pop(model, None)

    def models(self) -> list[ModelStatus]:
        there = {path.parent.name for path in self._repository.glob("*/config.pbtxt")}
        return [ModelStatus(name, name in self._loaded, "") for name in sorted({*there, *self._loaded})]

    def parameters(self, model: str) -> dict[str, str] | None:
        config = self._loaded.get(model)
        return config and {key: value.string_value for key, value in config.parameters.items()}

    def tensors(self, model: str) -> set[tuple[str, str]]:
        return {("input", t.name) for t in self._loaded[model].input}

    def steps(self, model: str) -> set[str]:
        return self._steps(self._loaded[model]) if model in self._loaded else set()

    def close(self) -> None:
        """A connection would be closed."""

    def end(self) -> None:
        """The server is stopped; another one that is started has nothing loaded."""
        self._loaded.clear()

    def _steps(self, config: Any) -> set[str]:
        return {step.model_name for step in config.ensemble_scheduling.step}


class Asked:
    """A client of a model that answers whatever it is asked."""

    def __init__(self, *_: object, **__: object) -> None:
        pass

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def recommend(self, *_: object, **__: object) -> None:
        pass


@contextmanager
def fake_server(folder: Path) -> Iterator[tuple[TritonTarget, FakeControl]]:
    """A target with a fake server behind it; releases go live there without being asked for anything."""
    target = TritonTarget("127.0.0.1:1", folder / "models")
    control = FakeControl(target.repository)
    with (
        patch.object(TritonTarget, "control", lambda _: control),
        patch.object(promotion, "RecommenderClient", Asked),
        patch.object(promotion, "_prove", lambda *_: None),
    ):
        yield target, control


def dated(releases: Iterable[Release], first_day: int = 1) -> list[Release]:
    """The same releases, made a day apart."""
    found = []
    for day, release in enumerate(releases, first_day):
        path = release.path / MANIFEST
        path.chmod(0o644)
        path.write_text(path.read_text().replace(release.manifest.created, f"2026-01-{day:02}T03:00:00+00:00"))
        path.chmod(0o444)
        found.append(Release(release.path, Manifest.load(path)))
    return found
