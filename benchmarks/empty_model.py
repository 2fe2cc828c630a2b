"""What a server takes to answer nothing: a Python model that gives back what it was given, asked over gRPC."""

from __future__ import annotations

import statistics
import time

import grpc
import numpy as np
from tritonclient.grpc import service_pb2, service_pb2_grpc

from serving.triton.control.http_control import HttpControl
from serving.triton.server.server import TritonServer

NAME = "empty"
MODEL = """import triton_python_backend_utils as pb_utils


class TritonPythonModel:
    def execute(self, requests):
        given = (pb_utils.get_input_tensor_by_name(request, "given") for request in requests)
        same = (pb_utils.Tensor.from_dlpack("same", tensor.to_dlpack()) for tensor in given)
        return [pb_utils.InferenceResponse([tensor]) for tensor in same]
"""
CONFIG = """name: "empty"
backend: "python"
max_batch_size: 64
input { name: "given" data_type: TYPE_INT64 dims: [ 1 ] }
output { name: "same" data_type: TYPE_INT64 dims: [ 1 ] }
instance_group { count: 1 kind: KIND_CPU }
"""


def place(server: TritonServer) -> None:
    """Writes and loads the model."""
    version = server.repository / NAME / "1"
    version.mkdir(parents=True)
    (version / "model.py").write_text(MODEL, encoding="utf-8")
    (server.repository / NAME / "config.pbtxt").write_text(CONFIG, encoding="utf-8")
    HttpControl(server.folder).load(NAME)


def median_ms(grpc_url: str, seconds: float) -> float:
    """Milliseconds from asking to the answer, one client; the median."""
    request = service_pb2.ModelInferRequest(model_name=NAME)
    request.inputs.add(name="given", datatype="INT64", shape=[1, 1])
    request.raw_input_contents.append(np.int64(7).tobytes())
    times: list[float] = []
    with grpc.insecure_channel(grpc_url) as channel:
        ask = service_pb2_grpc.GRPCInferenceServiceStub(channel).ModelInfer
        end = time.perf_counter() + seconds
        while (begun := time.perf_counter()) < end:
            answer = ask(request, timeout=5)
            times.append((time.perf_counter() - begun) * 1e3)
    assert answer.raw_output_contents[0] == request.raw_input_contents[0]
    return statistics.median(times)
