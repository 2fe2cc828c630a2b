"""A gRPC server that answers as Triton does, with what a test tells it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Self

import grpc
import numpy as np
from tritonclient.grpc import model_config_pb2, service_pb2, service_pb2_grpc

STAGES = ("features", "retrieval", "filtering", "scoring", "ordering")
INPUTS = {"user_id": "INT64", "k": "INT32", "seed": "INT64"}
RELEASE = "ab" * 32
TYPES: dict[str, Any] = {
    "INT64": np.int64,
    "INT32": np.int32,
    "FP32": np.float32,
    "UINT8": np.uint8,
    "UINT32": np.uint32,
}
TYPES |= {"BOOL": np.bool_, "FP64": np.float64, "UINT32": np.uint32}


class CannedServer(service_pb2_grpc.GRPCInferenceServiceServicer):
    """Recommends the items user * 100, user * 100 + 1, ... with scores that fall from 1; user 0 is unknown.

    Args:
        inputs: types of the model's inputs by name.
        max_batch_size: most users in a request.
        failures: code and text of the answers to the first requests, before the first good one.
        before: called with every request; may wait.
    """

    def __init__(
        self,
        inputs: dict[str, str] | None = None,
        max_batch_size: int = 4,
        failures: Sequence[tuple[grpc.StatusCode, str]] = (),
        before: Callable[[Any], object] = lambda request: None,
    ) -> None:
        self.inputs, self.max_batch_size, self.before = dict(inputs or INPUTS), max_batch_size, before
        self.failures, self.requests, self.described = list(failures), [], 0
        self._lock, self.port = threading.Lock(), 0
        self.start()

    @property
    def url(self) -> str:
        return f"127.0.0.1:{self.port}"

    def start(self) -> None:
        """Listens, at the port it had before."""
        self._server = grpc.server(ThreadPoolExecutor(8), options=[("grpc.so_reuseport", 0)])
        service_pb2_grpc.add_GRPCInferenceServiceServicer_to_server(self, self._server)
        self.port = self._server.add_insecure_port(f"127.0.0.1:{self.port}")
        self._server.start()

    def stop(self) -> None:
        self._server.stop(0).wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def ModelConfig(self, request: Any, context: Any) -> Any:
        self.described += 1
        config = model_config_pb2.ModelConfig(name=request.name, max_batch_size=self.max_batch_size)
        config.parameters["stages"].string_value = ",".join(STAGES)
        for name, datatype in self.inputs.items():
            config.input.add(name=name, data_type=model_config_pb2.DataType.Value(f"TYPE_{datatype}"), dims=[1])
        return service_pb2.ModelConfigResponse(config=config)

    def ModelInfer(self, request: Any, context: Any) -> Any:
        with self._lock:
            self.requests.append(request)
            failure = self.failures.pop(0) if self.failures else None
        self.before(request)
        if failure is not None:
            context.abort(*failure)
        return canned_answer(received(request))


def received(request: Any) -> dict[str, Any]:
    """The inputs of a request as arrays."""
    tensors = zip(request.inputs, request.raw_input_contents, strict=True)
    return {t.name: np.frombuffer(raw, TYPES[t.datatype]).reshape(tuple(t.shape)) for t, raw in tensors}


def canned_answer(inputs: dict[str, Any]) -> Any:
    users, k = inputs["user_id"][:, :1].astype(np.int64), int(inputs["k"].max())
    place = np.arange(k)
    outputs = {
        "item_id": users * 100 + place,
        "score": np.broadcast_to(1 - place / 8, (len(users), k)).astype(np.float32),
        "source": np.where(users == 0, 130, 5).repeat(k, axis=1).astype(np.uint8),
        "count": np.full((len(users), 1), k, np.int32),
        "stage_ms": np.tile(np.arange(5, dtype=np.float32), (len(users), 1)),
        "release": np.tile(np.frombuffer(RELEASE.encode(), np.uint8), (len(users), 1)),
    }
    return answer_of(outputs)


def answer_of(outputs: dict[str, Any]) -> Any:
    """A `ModelInferResponse` with these tensors."""
    answer = service_pb2.ModelInferResponse(model_name="demo")
    for name, value in outputs.items():
        datatype = next(wire for wire, dtype in TYPES.items() if dtype == value.dtype)
        answer.outputs.add(name=name, datatype=datatype, shape=value.shape)
        answer.raw_output_contents.append(np.ascontiguousarray(value).tobytes())
    return answer
