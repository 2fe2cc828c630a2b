"""The form `ensemble` without a server: its models, scheduled in the test's own process."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from serving.release import Release
from serving.triton.export import export
from serving.triton.model_settings import ModelSettings
from serving.wire import decode_ids, encode_ids
from tests.serving.toys import toy_release
from tests.serving.triton.fake_backend import FakeTriton, Response, Tensors, install

GROUPINGS = ("operator", "stage")


@pytest.fixture(scope="module", params=["string", "int64"])
def release(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Release:
    return toy_release(tmp_path_factory.mktemp("toy"), dtype=request.param)


def exported(release: Release, folder: Path, form: str, **settings: Any) -> FakeTriton:
    export(release, folder, form, ModelSettings(**settings))
    return FakeTriton(folder)


def request(release: Release, users: list[int], k: int | None = None) -> Tensors:
    text = "string" in (release.path / "ensemble.json").read_text()
    ids = encode_ids([f"u{user}" for user in users] if text else users, "UINT8" if text else "INT64")
    return {"user_id": ids} | ({} if k is None else {"k": np.full((len(users), 1), k, np.int32)})


def items(response: Response) -> list[list[Any]]:
    rows = decode_ids(response.tensors["item_id"])
    return [row[:count] for row, count in zip(rows, response.tensors["count"][:, 0], strict=True)]


@pytest.mark.parametrize("group_by", GROUPINGS)
def test_both_forms_give_equal_answers(
    release: Release, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, group_by: str
) -> None:
    install(monkeypatch)
    fused = exported(release, tmp_path / "fused", "fused")
    steps = exported(release, tmp_path / "steps", "ensemble", group_by=group_by)
    requests = [
        request(release, [100, 7, 103], 3),
        request(release, [7]),
        request(release, [100]),
        request(release, list(range(95, 115)), 1000),
    ]
    for one, other in zip(fused.infer("toy", requests), steps.infer("toy", requests), strict=True):
        assert one.error is None and other.error is None
        assert list(one.tensors) == list(other.tensors)
        for name in ("item_id", "score", "source", "count", "release"):
            np.testing.assert_array_equal(one.tensors[name], other.tensors[name])
            assert one.tensors[name].dtype == other.tensors[name].dtype
        assert other.tensors["stage_ms"].shape == one.tensors["stage_ms"].shape
        assert (other.tensors["stage_ms"] > 0).all()
