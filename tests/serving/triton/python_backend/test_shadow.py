"""A shadow under load: what it keeps up with is compared and written in time, the rest is counted."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import polars as pl
import pytest
from tritonclient.grpc import service_pb2

from serving.triton.python_backend import shadow as module
from serving.triton.python_backend.periodic_worker import PeriodicWorker
from serving.triton.python_backend.shadow import Shadow
from serving.triton.python_backend.shadow_metrics import ShadowMetrics
from tests.serving.triton.fake_backend import Family

LIVE, CHALLENGER = "a" * 64, "c" * 64
INPUTS = {"user_id": np.array([[7]])}
OUTPUTS = {
    "item_id": np.array([[1, 2]]),
    "score": np.array([[0.5, 0.25]], np.float32),
    "count": np.array([[2]], np.int32),
}


def answer(outputs: dict[str, Any]) -> Any:
    kinds = {"item_id": "INT64", "score": "FP32", "count": "INT32"}
    made = service_pb2.ModelInferResponse(raw_output_contents=[value.tobytes() for value in outputs.values()])
    for name, value in outputs.items():
        made.outputs.add(name=name, datatype=kinds[name], shape=value.shape)
    return made


@pytest.fixture
def make(tmp_path: Path) -> Callable[[float], Shadow]:
    def made(seconds: float) -> Shadow:
        def infer(message: Any, timeout: float) -> Any:
            time.sleep(seconds)
            return answer(OUTPUTS)

        shadow = Shadow("127.0.0.1:1", "challenger", tmp_path, LIVE, CHALLENGER)
        shadow._stub = SimpleNamespace(ModelInfer=infer)
        return shadow

    return made


def files(folder: Path) -> list[Path]:
    return sorted(folder.glob("day=*/[!.]*.parquet"))


def test_what_is_compared_is_written_in_time_under_permanent_load(
    make: Callable[[float], Shadow], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As 300 requests a second against a challenger that takes 5 ms, a tenth as long."""
    for name, value in {"MOST_WAITING": 100, "COMPARED_FOR": 0.1, "WRITTEN_EVERY": 0.5}.items():
        monkeypatch.setattr(module, name, value)
    shadow = make(0.005)
    background, shown, longest = PeriodicWorker(shadow.work), 0, 0
    end = time.monotonic() + 2.0
    while time.monotonic() < end:
        shadow.show(f"r{shown}", INPUTS, OUTPUTS)
        shown, longest = shown + 1, max(longest, len(shadow._waiting))
        time.sleep(0.001)
    written = files(tmp_path)
    background.close()
    assert len(written) >= 2, "while requests were still coming"
    assert longest <= 100 and shadow.left_out > 0
    rows = pl.read_parquet(files(tmp_path))
    assert rows.height == shadow.compared == shown - shadow.left_out - len(shadow._waiting)
    assert rows["left_out"].sum() == shadow.left_out, "those since the last file are told with the last one"
    assert set(rows["overlap"]) == {1.0} and rows["request"].is_unique().all()


def test_what_waits_is_bounded_in_bytes_too(make: Callable[[float], Shadow], monkeypatch: pytest.MonkeyPatch) -> None:
    shadow = make(0.0)
    one = sum(value.nbytes for value in (*INPUTS.values(), *OUTPUTS.values()))
    monkeypatch.setattr(module, "MOST_BYTES", 3 * one)
    for turn in (1, 2):  # what was compared makes room again
        for number in range(5):
            shadow.show(f"{turn}-{number}", INPUTS, OUTPUTS)
        assert (len(shadow._waiting), shadow.left_out) == (3, 2 * turn)
        shadow.compare()


def test_rows_that_come_together_are_bounded(
    make: Callable[[float], Shadow], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_ROWS", 4)
    shadow = make(0.0)
    for number in range(10):
        shadow.show(str(number), INPUTS, OUTPUTS)
    shadow.compare()
    assert [pl.read_parquet(file).height for file in files(tmp_path)] == [4, 4] and len(shadow._rows) == 2


def test_what_cannot_be_written_is_counted(
    make: Callable[[float], Shadow], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shadow, told = make(0.0), Family()

    class OneMetric(Family):  # of both counters
        def Metric(self, labels: dict[str, str]) -> Family:
            assert labels == {"recommender": "shop", "release": LIVE[:12], "candidate": CHALLENGER[:12]}
            return told

    metrics = ShadowMetrics(
        SimpleNamespace(MetricFamily=OneMetric),
        shadow,
        "shop",
        {"release": LIVE, "candidate": CHALLENGER},
    )

    def full(self: pl.DataFrame, path: Path) -> None:
        raise OSError(28, "No space left on device")

    for number in range(3):
        shadow.show(str(number), INPUTS, OUTPUTS)
    shadow.compare()
    with monkeypatch.context() as broken, pytest.raises(OSError, match="No space"):
        broken.setattr(pl.DataFrame, "write_parquet", full)
        shadow.flush()
    assert (shadow.compared, shadow.left_out, shadow._rows) == (0, 3, [])
    shadow.show("kept", INPUTS, OUTPUTS)
    shadow.compare()
    shadow.flush()
    assert (shadow.compared, shadow.left_out) == (1, 3)
    assert pl.read_parquet(files(tmp_path))["left_out"].to_list() == [3]
    metrics.flush()
    metrics.flush()
    assert told.value == 4


def test_a_candidate_that_fails_is_compared_too(make: Callable[[float], Shadow], tmp_path: Path) -> None:
    shadow = Shadow("127.0.0.1:1", "challenger", tmp_path, LIVE, CHALLENGER)  # nobody listens there
    shadow.show("r", INPUTS, OUTPUTS)
    shadow.compare()
    shadow.flush()
    rows = pl.read_parquet(files(tmp_path))
    assert rows["error"].null_count() == 0 and rows["overlap"].null_count() == 1
