"""Triton's Python backend in the test's own process: tensors travel as they do there, through DLPack."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from google.protobuf import json_format, text_format
from tritonclient.grpc import model_config_pb2

from serving.triton.entry import model_class

Tensors = dict[str, npt.NDArray[Any]]


class Response:
    """What a model answered one request."""

    def __init__(self, tensors: Sequence[tuple[str, Any]] = (), error: str | None = None) -> None:
        self.tensors: Tensors = dict(tensors)
        self.error = error


class Family:
    """Stands for Triton's metrics and their families, which are told and never asked."""

    COUNTER = 0

    def __init__(self, **_: object) -> None:
        self.value = 0.0

    def Metric(self, labels: dict[str, str]) -> Family:
        return Family(labels=labels)

    def increment(self, value: float) -> None:
        self.value += value


class Request(dict[str, Any]):
    """A request: its tensors by name."""

    def request_id(self) -> str:
        return ""


def install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Puts the backend's module where models look for it; a request is a dict of arrays."""
    backend = SimpleNamespace(
        get_input_tensor_by_name=lambda request, name: request.get(name),
        InferenceResponse=Response,
        TritonError=str,
        MetricFamily=Family,
        Tensor=SimpleNamespace(from_dlpack=lambda name, capsule: (name, _array(capsule))),
    )
    monkeypatch.setitem(sys.modules, "triton_python_backend_utils", backend)


class FakeTriton:
    """The models of a repository, run as Triton would: ensembles step by step, all requests of a step at once."""

    def __init__(self, repository: Path) -> None:
        self.configs = {path.parent.name: _config(path) for path in repository.glob("*/config.pbtxt")}
        self.models = {
            name: _loaded(repository / name, config) for name, config in self.configs.items() if config.backend
        }
        self.passes: dict[str, int] = dict.fromkeys(self.models, 0)

    def infer(self, model: str, requests: Sequence[Tensors]) -> list[Response]:
        """Responses of a model, in order."""
        if model in self.models:
            self.passes[model] += 1
            return list(self.models[model].execute([Request(request) for request in requests]))
        return self._scheduled(self.configs[model], requests)

    def _scheduled(self, config: Any, requests: Sequence[Tensors]) -> list[Response]:
        known: list[Tensors] = [dict(request) for request in requests]
        failed: dict[int, Response] = {}
        for step in config.ensemble_scheduling.step:
            self._check(step.model_name, known, failed)
            going = [place for place in range(len(requests)) if place not in failed]
            given = [
                {key: known[place][value] for key, value in step.input_map.items() if value in known[place]}
                for place in going
            ]
            for place, response in zip(going, self.infer(step.model_name, given), strict=True):
                if response.error is not None:
                    failed[place] = response
                known[place] |= {step.output_map[name]: value for name, value in response.tensors.items()}
        names = [output.name for output in config.output]
        return [
            failed.get(place) or Response([(name, known[place][name]) for name in names])
            for place in range(len(requests))
        ]

    def _check(self, model: str, known: list[Tensors], failed: dict[int, Response]) -> None:
        """What Triton would refuse: tensors of another type or shape than the model's configuration says."""
        config = self.configs[model]
        for place, tensors in enumerate(known):
            for wanted in config.input if place not in failed and config.backend else ():
                if wanted.name not in tensors:
                    assert wanted.optional, f"{model} is not given {wanted.name}"
                    continue
                value, first = tensors[wanted.name], [-1] if config.max_batch_size else []
                dims = [*first, *wanted.dims]
                empty = not value.size and not model.endswith(".request")
                assert not empty and len(dims) == value.ndim, (model, wanted.name, value.shape, dims)
                assert all(d in (-1, size) for d, size in zip(dims, value.shape, strict=True)), (model, wanted.name)
                kind = model_config_pb2.DataType.Name(wanted.data_type).removeprefix("TYPE_").lower()
                assert value.dtype == kind.replace("fp", "float"), (model, wanted.name, value.dtype)


def _config(path: Path) -> Any:
    return text_format.Parse(path.read_text(), model_config_pb2.ModelConfig())


def _loaded(folder: Path, config: Any) -> Any:
    (kind,) = re.findall(r"model_class\('(\w+)'\)", (folder / "1" / "model.py").read_text())
    model = model_class(kind)()
    model.initialize({"model_config": json_format.MessageToJson(config, preserving_proto_field_name=True)})
    return model


def _array(capsule: Any) -> npt.NDArray[Any]:
    """The memory that a capsule describes, read only as in the backend."""
    carrier = SimpleNamespace(__dlpack__=lambda **_: capsule, __dlpack_device__=lambda: (1, 0))
    array = np.from_dlpack(carrier)
    array.flags.writeable = False
    return array
