"""The model inside Triton, without Triton: joining, splitting and errors of single requests."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from serving.ensemble import Ensemble
from serving.release import Release
from serving.triton.backend_model import TritonPythonModel
from serving.wire import decode_ids, encode_ids
from tests.serving.toys import toy_release

Tensors = dict[str, npt.NDArray[Any]]


class Response:
    def __init__(self, tensors: list[tuple[str, Any]] | None = None, error: str | None = None) -> None:
        self.tensors, self.error = dict(tensors or []), error


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Release:
    return toy_release(tmp_path_factory.mktemp("toy"), dtype="string")


@pytest.fixture
def model(release: Release, monkeypatch: pytest.MonkeyPatch) -> TritonPythonModel:
    backend = SimpleNamespace(
        get_input_tensor_by_name=lambda request, name: request.get(name),
        InferenceResponse=Response,
        TritonError=str,
    )
    monkeypatch.setitem(sys.modules, "triton_python_backend_utils", backend)
    model = TritonPythonModel()
    parameters = f'{{"release_path": {{"string_value": "{release.path}"}}}}'
    model.initialize({"model_config": f'{{"parameters": {parameters}}}'})
    monkeypatch.setattr(model, "_tensor", lambda name, value: (name, value))
    return model


def request(users: list[str], k: int | None = None) -> Tensors:
    tensors: Tensors = {"user_id": encode_ids(users, "UINT8")} if users else {}
    return tensors | ({} if k is None else {"k": np.full((len(users), 1), k, np.int32)})


def items(response: Response) -> list[list[Any]]:
    rows = decode_ids(response.tensors["item_id"])
    return [row[:count] for row, count in zip(rows, response.tensors["count"][:, 0], strict=True)]


def test_joined_requests_get_what_they_would_get_alone(model: TritonPythonModel) -> None:
    requests = [request(["u100", "somebody unknown"], 3), request(["u101"]), request(["u102"], 1)]
    together = model.execute(requests)
    assert [r.tensors["item_id"].shape[:2] for r in together] == [(2, 3), (1, 10), (1, 1)]
    for alone, response in zip(requests, together, strict=True):
        assert items(response) == items(model.execute([alone])[0])


def test_the_answer_has_the_types_of_the_wire(model: TritonPythonModel, release: Release) -> None:
    tensors = model.execute([request(["u100"], 500)])[0].tensors
    dtypes = {name: value.dtype.name for name, value in tensors.items()}
    assert dtypes == {
        "item_id": "uint8",
        "score": "float32",
        "source": "uint8",
        "count": "int32",
        "stage_ms": "float32",
        "release": "uint8",
    }
    count = int(tensors["count"][0, 0])
    assert 0 < count < 500 and np.isnan(tensors["score"][0, count:]).all()
    assert (tensors["item_id"][0, count:] == 0).all() and (tensors["source"][0, count:] == 0).all()
    assert tensors["release"].tobytes().decode() == release.hash
    assert all(value.flags.c_contiguous and value.flags.writeable for value in tensors.values())


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (request(["u100"], 0), "'k' of a request must lie between 1 and 1000"),
        (request(["u100"], -1), "'k'"),
        (request(["poison"]), "user 999 is poison"),
        (request([]), "lacks column 'user_id'|one length of at least 1"),
        (request(["u100"]) | {"k": np.ones((2, 1), np.int32)}, "one length"),
        ({"user_id": np.full((1, 3), 255, np.uint8)}, "must be UTF-8"),
        ({"user_id": np.ones((1, 300), np.uint8)}, "1 to 256 bytes wide, got 300"),
        ({"user_id": np.ones((1, 0), np.uint8)}, "1 to 256 bytes wide, got 0"),
        ({"user_id": np.ones((0, 3), np.uint8)}, "is empty"),
    ],
)
def test_a_bad_request_gets_its_own_error_and_disturbs_no_other(
    model: TritonPythonModel, bad: Tensors, reason: str
) -> None:
    import re

    before, faulty, after = model.execute([request(["u100"], 4), bad, request(["u103"], 4)])
    assert re.search(reason, faulty.error), faulty.error
    assert before.error is None and after.error is None
    assert items(before) == items(model.execute([request(["u100"], 4)])[0])


def test_integer_ids_travel_as_numbers(tmp_path: Path, model: TritonPythonModel) -> None:
    release = toy_release(tmp_path)
    model._ensemble = Ensemble.of(release)
    response = model.execute([{"user_id": np.array([[100], [7]])}])[0]
    assert response.tensors["item_id"].dtype == np.int64 and response.tensors["item_id"].shape == (2, 10)
    count = int(response.tensors["count"][0, 0])
    assert (response.tensors["item_id"][0, count:] == -1).all()
