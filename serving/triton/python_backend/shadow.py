"""Shadow: what a challenger answers to the requests that another release has answered."""

from __future__ import annotations

import logging
import os
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc  # type: ignore[import-untyped]
import numpy as np
import numpy.typing as npt
from tritonclient.grpc import service_pb2, service_pb2_grpc
from tritonclient.utils import np_to_triton_dtype, triton_to_np_dtype

from ops_gpu.primitives.atomic_file import atomic_file
from serving.client.input_tensor import InputTensor
from serving.decisions.reader import TEST
from serving.request.id_encoding import decode_ids
from serving.triton.control.server_state import STATE, ServerState

if TYPE_CHECKING:
    import polars as pl

Array = npt.NDArray[Any]
logger = logging.getLogger(__name__)
MOST_WAITING, MOST_BYTES = 1_000, 64 << 20
"""Requests that may wait to be shown, and bytes of their tensors; more are left out: the live release comes first."""
MOST_ROWS = 20_000
"""Comparisons that are written at the latest, however soon they have come together."""
COMPARED_FOR, COMPARED_EVERY, WRITTEN_EVERY = 1.0, 0.1, 5.0
"""Seconds: the most at a time, so that what was found is written in time whatever waits; and how often."""


@dataclass(frozen=True)
class _Shown:
    """A request and the answer that was given."""

    request: str
    inputs: dict[str, Array]
    outputs: dict[str, Array]

    @property
    def nbytes(self) -> int:
        """Of its tensors."""
        return sum(value.nbytes for value in (*self.inputs.values(), *self.outputs.values()))


class Shadow:
    """Asks the challenger after the answer has gone out, compares, and writes what it found.

    A challenger that is slower than requests come is shown those that it keeps up with; the others are left out and
    counted: in `left_out`, and in the files, whose column `left_out` says with the first row how many there were since
    the file before.

    Args:
        url: gRPC address of the server, as it sees itself.
        model: of the challenger.
        folder: of the comparisons; files are `day=YYYY-MM-DD/*.parquet`.
        live: hash of the live release.
        challenger: hash of the challenger.
    """

    def __init__(self, url: str, model: str, folder: Path, live: str, challenger: str) -> None:
        self._stub = service_pb2_grpc.GRPCInferenceServiceStub(grpc.insecure_channel(url))
        self._model, self._folder = model, folder
        self._names = {"live": live, "candidate": challenger}
        self._waiting: deque[_Shown] = deque()
        self._rows: list[dict[str, Any]] = []
        self._taken_in = self._refused = 0  # changed by the thread that answers alone,
        self._taken_out = self._lost = self._told = self._done = 0  # and these by the one that compares
        self._unwritten = 0

    @classmethod
    def of(cls, parameters: Mapping[str, str]) -> Shadow:
        """From the parameters of a router's configuration."""
        folder, url = Path(parameters["log_folder"], "shadow"), parameters["url"]
        if not url:  # of a home, which may be another one by now, or have other ports
            state = ServerState.last(Path(STATE))
            assert state is not None, "written before a model is loaded"
            url = state.grpc_url
        return cls(url, parameters["candidate_model"], folder, parameters["release"], parameters["candidate"])

    @property
    def work(self) -> dict[Callable[[], None], float]:
        """What is to be done beside the answering, and how often; see `PeriodicWorker`."""
        return {self.compare: COMPARED_EVERY, self.flush: WRITTEN_EVERY}

    @property
    def compared(self) -> int:
        """Requests that the challenger was shown, and whose comparisons were written."""
        return self._done

    @property
    def left_out(self) -> int:
        """Requests that the challenger was not shown, because too many waited, or whose comparisons were lost."""
        return self._refused + self._lost

    def show(self, request: str, inputs: dict[str, Array], outputs: dict[str, Array]) -> None:
        """Notes a request and its answer, to be shown to the challenger soon."""
        shown = _Shown(request, {name: np.array(value) for name, value in inputs.items()}, outputs)
        if len(self._waiting) >= MOST_WAITING or self._taken_in - self._taken_out + shown.nbytes > MOST_BYTES:
            self._refused += 1
            return
        self._taken_in += shown.nbytes
        self._waiting.append(shown)

    def compare(self) -> None:
        """Asks the challenger for what waits, for a second at most."""
        end = time.monotonic() + COMPARED_FOR
        while self._waiting and time.monotonic() < end:
            shown = self._waiting.popleft()
            self._taken_out += shown.nbytes
            self._unwritten += 1
            self._rows += self._compared(shown.request, shown.inputs, shown.outputs)
            if len(self._rows) >= MOST_ROWS:
                self.flush()

    def flush(self) -> None:
        """Writes one file of what was compared since the last time."""
        import polars as pl

        rows, requests, left_out = self._rows, self._unwritten, self.left_out
        self._rows, self._unwritten = [], 0
        if not rows:
            return
        heads = [left_out - self._told, *[0] * (len(rows) - 1)]
        try:
            frame = pl.DataFrame(rows, schema_overrides={"error": pl.String, "overlap": pl.Float64})
            self._save(frame.with_columns(left_out=pl.Series(heads, dtype=pl.Int64)))
        except Exception:
            self._lost += requests
            raise
        self._done += requests
        self._told = left_out

    def _compared(self, request: str, inputs: dict[str, Array], outputs: dict[str, Array]) -> list[dict[str, Any]]:
        message = service_pb2.ModelInferRequest(model_name=self._model, id=f"{TEST}shadow-{request}")
        for name, value in inputs.items():
            InputTensor.of_array(name, value, np_to_triton_dtype(value.dtype)).add_to(message)
        start = time.perf_counter()
        found: dict[str, Array] | None = None
        error = None
        try:
            found = _arrays(self._stub.ModelInfer(message, timeout=5.0))
        except grpc.RpcError as failed:
            error = str(failed.details())
        spent = (time.perf_counter() - start) * 1e3
        head = {"request": request, "time": datetime.now(UTC), **self._names, "ms": spent, "error": error}
        return [{**head, "row": row, **_difference(outputs, found, row)} for row in range(len(outputs["count"]))]

    def _save(self, frame: pl.DataFrame) -> None:
        folder = self._folder / f"day={datetime.now(UTC).date()}"
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{self._names['candidate'][:12]}-{time.time_ns()}-{os.getpid()}.parquet"
        with atomic_file(path) as aside:
            frame.write_parquet(aside)


def _arrays(answer: Any) -> dict[str, Array]:
    return {
        output.name: np.frombuffer(raw, triton_to_np_dtype(output.datatype)).reshape(tuple(output.shape))
        for output, raw in zip(answer.outputs, answer.raw_output_contents, strict=True)
    }


def _difference(given: dict[str, Array], found: dict[str, Array] | None, row: int) -> dict[str, Any]:
    """How the challenger's list of one user differs; nothing where it gave none."""
    if found is None:
        return {"overlap": None, "same_first": None, "score_given": None, "score_found": None}
    counts = [int(tensors["count"][row, 0]) for tensors in (given, found)]
    items = [
        decode_ids(tensors["item_id"][row : row + 1])[0][:count]
        for tensors, count in zip((given, found), counts, strict=True)
    ]
    scores = [
        float(tensors["score"][row, :count].mean()) if count else None
        for tensors, count in zip((given, found), counts, strict=True)
    ]
    return {
        "overlap": len(set(items[0]) & set(items[1])) / max(len(items[0]), 1),
        "same_first": items[0][:1] == items[1][:1],
        "score_given": scores[0],
        "score_found": scores[1],
    }
