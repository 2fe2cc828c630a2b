"""The model inside Triton, without Triton: joining, splitting and errors of single requests."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from serving.decisions.reader import read_decisions
from serving.ensemble.ensemble import Ensemble
from serving.release.release import Release
from serving.request.id_encoding import decode_ids, encode_ids
from serving.triton.python_backend import backend_model
from serving.triton.python_backend.backend_model import TritonPythonModel
from serving.triton.tensors import messages
from tests.serving.toys import toy_release


class Tensors(dict[str, npt.NDArray[Any]]):
    """A request."""

    def __init__(self, tensors: dict[str, npt.NDArray[Any]], name: str = "") -> None:
        super().__init__(tensors)
        self.name = name

    def request_id(self) -> str:
        return self.name


class Family:
    """Stands for Triton's metrics and their families."""

    COUNTER = 0

    def __init__(self, **_: object) -> None:
        self.value = 0.0

    def Metric(self, labels: dict[str, str]) -> Family:
        return Family()

    def increment(self, value: float) -> None:
        self.value += value


class Response:
    def __init__(self, tensors: list[tuple[str, Any]] | None = None, error: str | None = None) -> None:
        self.tensors, self.error = dict(tensors or []), error


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Release:
    return toy_release(tmp_path_factory.mktemp("toy"), dtype="string")


@pytest.fixture
def model(release: Release, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TritonPythonModel]:
    backend = SimpleNamespace(
        MetricFamily=Family,
        get_input_tensor_by_name=lambda request, name: request.get(name),
        InferenceResponse=Response,
        TritonError=str,
    )
    monkeypatch.setitem(sys.modules, "triton_python_backend_utils", backend)
    monkeypatch.setattr(backend_model, "read_tensor", lambda backend, request, name: request.get(name))
    monkeypatch.setattr(messages, "to_tensor", lambda _, name, value: (name, value))
    places = {"release_path": str(release.path), "release": release.hash}
    given = {**places, "log_folder": str(tmp_path), "log_rate": "1", "log_days": "9"}
    parameters = {key: {"string_value": value} for key, value in {**given, "warmup_requests": "1"}.items()}
    model = TritonPythonModel()
    model.initialize({"model_config": json.dumps({"parameters": parameters})})
    yield model
    model.finalize()


def request(users: list[str], k: int | None = None, name: str = "") -> Tensors:
    tensors = {"user_id": encode_ids(users, "UINT8")} if users else {}
    return Tensors(tensors | ({} if k is None else {"k": np.full((len(users), 1), k, np.int32)}), name)


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
        (Tensors(request(["u100"]) | {"k": np.ones((2, 1), np.int32)}), "one length"),
        (request(["u100"], 3, "x" * 257), "id of a request has 257 characters; send at most 256"),
        (Tensors({"user_id": np.full((1, 256), 255, np.uint8)}), "must be UTF-8: invalid start byte"),
        (Tensors({"user_id": np.stack([np.full(256, byte, np.uint8) for byte in "é".encode()])}), "must be UTF-8"),
        (Tensors({"user_id": np.ones((1, 300), np.uint8)}), "padded with zeros to 256 bytes, got 300"),
        (Tensors({"user_id": np.ones((1, 0), np.uint8)}), "padded with zeros to 256 bytes, got 0"),
        (Tensors({"user_id": np.ones((0, 256), np.uint8)}), "is empty"),
    ],
)
def test_a_bad_request_gets_its_own_error_and_disturbs_no_other(
    model: TritonPythonModel, bad: Tensors, reason: str
) -> None:
    before, faulty, after = model.execute([request(["u100"], 4), bad, request(["u103"], 4)])
    assert re.search(reason, faulty.error), faulty.error
    assert before.error is None and after.error is None
    assert items(before) == items(model.execute([request(["u100"], 4)])[0])


def test_integer_ids_travel_as_numbers(tmp_path: Path, model: TritonPythonModel) -> None:
    release = toy_release(tmp_path)
    model._ensemble = Ensemble.of(release)
    response = model.execute([Tensors({"user_id": np.array([[100], [7]])})])[0]
    assert response.tensors["item_id"].dtype == np.int64 and response.tensors["item_id"].shape == (2, 10)
    count = int(response.tensors["count"][0, 0])
    assert (response.tensors["item_id"][0, count:] == -1).all()


def test_decisions_are_those_of_each_request(model: TritonPythonModel, tmp_path: Path) -> None:
    model.execute([request(["u100"])])
    requests = [request(["u100", "somebody unknown"], 3, "a"), request(["u101"], None, "b"), request(["poison"])]
    answers = model.execute([*requests, request(["u102"])])
    model._journal.write()
    rows = read_decisions(tmp_path, tests=True)
    assert rows.height == 5
    assert rows.filter(rows["request"].str.starts_with("test-"))["user_id"].to_list() == ["u100"]
    mine = read_decisions(tmp_path)
    for name, answer in zip("ab", answers, strict=False):
        assert mine.filter(mine["request"] == name).sort("row")["item"].to_list() == items(answer)
    other = mine.filter(~mine["request"].is_in(["a", "b"]))
    assert other["user_id"].to_list() == ["u102"]
    assert re.fullmatch("[0-9a-f]{24}", other["request"][0])
    assert model._journal._metrics.counts == {
        "requests": 4, "failed": 1, "users": 5, "passes": 4, "empty": 0, "logged": 5, "dropped": 0,
    }  # fmt: skip
