"""The form `ensemble` without a server: its models, scheduled in the test's own process."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from google.protobuf import text_format
from polars.testing import assert_frame_equal
from tritonclient.grpc import model_config_pb2

from serving.decisions.reader import read_decisions
from serving.operators.filtering.filter_candidates import FilterCandidates
from serving.release.release import Release
from serving.request.columns import Columns
from serving.request.id_encoding import decode_ids, encode_ids
from serving.triton.repository.export import export
from serving.triton.repository.layout_settings import LayoutSettings
from serving.triton.repository.model_settings import ModelSettings
from serving.triton.repository.names import models_of
from tests.serving.toys import toy_release
from tests.serving.triton.fake_backend import FakeTriton, Response, Tensors, install

GROUPINGS = ("operator", "stage")


@pytest.fixture(scope="module", params=["string", "int64"])
def release(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Release:
    return toy_release(tmp_path_factory.mktemp("toy"), dtype=request.param)


def exported(release: Release, folder: Path, form: str, most: int = 1024, **settings: Any) -> FakeTriton:
    export(release, folder, form, ModelSettings(max_batch_size=most, form=LayoutSettings(**settings)))
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


@pytest.mark.parametrize("group_by", GROUPINGS)
def test_requests_that_wait_together_are_answered_in_one_pass(
    release: Release, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, group_by: str
) -> None:
    install(monkeypatch)
    steps = exported(release, tmp_path, "ensemble", group_by=group_by)
    seen: list[int] = []
    before = FilterCandidates.transform

    def transform(self: FilterCandidates, columns: Columns) -> Columns:
        seen.append(len(columns["candidate_item"]))
        return before(self, columns)

    monkeypatch.setattr(FilterCandidates, "transform", transform)
    steps.infer("toy", [request(release, [100, 101]), request(release, [7]), request(release, [102])])
    assert seen == [4]


@pytest.mark.parametrize("group_by", GROUPINGS)
def test_a_bad_request_gets_its_own_error_and_disturbs_no_other(
    release: Release, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, group_by: str
) -> None:
    install(monkeypatch)
    steps = exported(release, tmp_path, "ensemble", group_by=group_by)
    good = request(release, [100], 4)
    text = good["user_id"].dtype == np.uint8
    poison = {"user_id": encode_ids(["poison"], "UINT8") if text else np.array([[999]])}
    bad = [
        (request(release, [100], 0), "'k' of a request must lie between 1 and 1000"),
        (request(release, [100], -1), "'k' of a request must lie between 1 and 1000"),
        (poison, "user 999 is poison"),
        ({"user_id": good["user_id"][:0]}, "is empty"),
        (good | {"k": np.ones((2, 1), np.int32)}, "one length"),
    ]
    if text:
        bad.append(({"user_id": np.full((1, 256), 255, np.uint8)}, "must be UTF-8"))
    (alone,) = steps.infer("toy", [good])
    for request_, reason in bad:
        before, faulty, after = steps.infer("toy", [good, request_, good])
        assert reason in str(faulty.error)
        assert before.error is None and after.error is None
        assert items(before) == items(after) == items(alone)


def test_a_step_that_is_asked_by_itself_says_whom_to_ask(
    release: Release, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(monkeypatch)
    steps = exported(release, tmp_path, "ensemble", group_by="stage")
    (model,) = [name for name in steps.models if name.endswith("retrieval")]
    lacking, garbage = steps.infer(model, [{}, {"features": np.ones((1, 7), np.uint8)}])
    assert "was not given 'features'; ask the ensemble's model" in str(lacking.error)
    assert "nothing that a step of an ensemble gives" in str(garbage.error)


def logged_by(
    release: Release, folder: Path, form: str, requests: list[Tensors], rate: float = 1.0, **settings: Any
) -> pl.DataFrame:
    """What a form writes to its decision log, without ids and times."""
    logging = ModelSettings(form=LayoutSettings(**settings), decisions=str(folder / "log"), log_rate=rate)
    export(release, folder / "models", form, logging)
    triton = FakeTriton(folder / "models")
    triton.infer("toy", requests)
    for model in triton.models.values():
        getattr(model, "finalize", lambda: None)()
    rows = read_decisions(folder / "log" / "toy", tests=True)
    times = rows.select("request", "row", "time")
    assert times.n_unique(["request", "row"]) == len(rows) and (datetime.now(UTC) - rows["time"].min()) < timedelta(
        minutes=1
    )
    return rows.sort("user_id", "request_k", "row").drop("request", "time", "decision")


@pytest.mark.parametrize("group_by", GROUPINGS)
def test_both_forms_log_the_same_decisions(
    release: Release, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, group_by: str
) -> None:
    install(monkeypatch)
    requests = [request(release, [100, 7, 103], 3), request(release, [101]), request(release, [104], 5)]
    fused = logged_by(release, tmp_path / "fused", "fused", requests)
    steps = logged_by(release, tmp_path / "steps", "ensemble", requests, group_by=group_by)
    assert fused.height == 5 and "removed_reason" in fused.columns and fused["item"].list.len().min() == 3
    assert_frame_equal(fused, steps, check_column_order=False)
    (mine,) = (tmp_path / "steps" / "models").glob("*.answer/config.pbtxt")
    assert "log_folder" in mine.read_text()
    assert not [path for path in mine.parents[1].glob("*/config.pbtxt") if "log_f" in path.read_text() and path != mine]


def test_what_is_not_logged_does_not_travel(release: Release, tmp_path: Path) -> None:
    for folder, settings in (("none", {}), ("no share", {"decisions": "/log", "log_rate": 0.0})):
        export(release, tmp_path / folder, "ensemble", ModelSettings(form=LayoutSettings("ensemble"), **settings))
    export(release, tmp_path / "all", "ensemble", ModelSettings(form=LayoutSettings("ensemble"), decisions="/log"))
    taken = {
        folder: {tensor.name for tensor in parsed(next((tmp_path / folder).glob("*.answer/config.pbtxt"))).input}
        for folder in ("none", "no share", "all")
    }
    assert taken["none"] == taken["no share"] < taken["all"]


@pytest.mark.parametrize("group_by", GROUPINGS)
def test_answers_are_counted(release: Release, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, group_by: str) -> None:
    install(monkeypatch)
    steps = exported(release, tmp_path, "ensemble", group_by=group_by)
    steps.infer("toy", [request(release, [100, 7, 103], 3), request(release, [101])])
    (answer,) = [model for name, model in steps.models.items() if name.endswith(".answer")]
    metrics = answer._journal._metrics
    assert (metrics.counts["requests"], metrics.counts["users"], metrics.counts["failed"]) == (2, 4, 0)
    assert all(spent > 0 for spent in metrics.stage_ms.values())


def test_the_models_say_what_triton_needs_to_know(release: Release, tmp_path: Path) -> None:
    form = LayoutSettings("ensemble", step_instances={"QueryPopular": 3, "answer": 2})
    model = export(release, tmp_path, "ensemble", ModelSettings(2, 64, form=form), "/there/toy", "shop")
    assert model == f"shop.{release.hash[:12]}"
    configs = {path.parent.name: parsed(path) for path in tmp_path.glob("*/config.pbtxt")}
    whole = configs[model]
    assert (whole.platform, whole.max_batch_size) == ("ensemble", 64)
    assert {step.model_name for step in whole.ensemble_scheduling.step} == set(configs) - {"shop", model}
    assert set(models_of(tmp_path, model)) == set(configs) - {"shop", model}
    assert models_of(tmp_path, "shop") == [model] and models_of(tmp_path, "nothing") == []
    prefix = f"{model}.operators."
    steps = {name.removeprefix(prefix): config for name, config in configs.items() if name.startswith(prefix)}
    assert {n: c.instance_group[0].count for n, c in steps.items() if c.instance_group[0].count != 2} == {
        "02-QueryPopular": 3
    }
    for name, config in steps.items():
        batches = name != "answer"
        assert config.backend == "python" and config.max_batch_size == (64 if batches else 0)
        assert config.HasField("dynamic_batching") == batches
        assert config.dynamic_batching.default_queue_policy.max_queue_size == 0
        assert all(tensor.allow_ragged_batch for tensor in config.input) == (name not in ("request", "answer"))
        assert config.parameters["release_path"].string_value == "/there/toy"
        compile((tmp_path / f"{prefix}{name}" / "1" / "model.py").read_text(), "model.py", "exec")
    assert {i.name: i.optional for i in steps["request"].input} == {"user_id": True, "k": True}
    assert [next(iter(o.dims)) for o in steps["answer"].output] == [-1] * 6
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")], "something was left aside"


def test_both_forms_are_written_over_each_other(release: Release, tmp_path: Path) -> None:
    model = export(release, tmp_path, "ensemble")
    assert export(release, tmp_path, "fused") == model and models_of(tmp_path, model) == []
    assert (tmp_path / model / "1" / "model.py").exists()
    export(release, tmp_path, "ensemble")
    assert not (tmp_path / model / "1" / "model.py").exists() and len(models_of(tmp_path, model)) > 10


def test_settings_that_do_not_fit_the_graph_are_refused(release: Release, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="form must be one of fused, ensemble, got 'steps'"):
        export(release, tmp_path, "steps")
    settings = ModelSettings(form=LayoutSettings("ensemble", step_instances={"QueryFaiss": 2}))
    with pytest.raises(ValueError, match="step_instances names 'QueryFaiss'; the steps are request, 00-ToyUsers"):
        export(release, tmp_path, "ensemble", settings)


def parsed(path: Path) -> model_config_pb2.ModelConfig:
    return text_format.Parse(path.read_text(), model_config_pb2.ModelConfig())
