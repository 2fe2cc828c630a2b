"""What a client's own work costs: building a request and reading the answer, without the network.

    python benchmarks/client.py

Every call goes through `RecommenderClient.recommend`; in the place of the connection stands an answer that was made
before, so the figures hold all of the client but gRPC itself (messages are serialized and parsed).
"""

from __future__ import annotations

import sys
import timeit
from pathlib import Path
from typing import Any

import numpy as np
from tritonclient.grpc import model_config_pb2, service_pb2

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.results import begin_run, smaller
from serving.client.client import RecommenderClient
from serving.operators.base import STAGES

K = 10
WIRE = {"int64": "INT64", "float32": "FP32", "uint8": "UINT8", "int32": "INT32"}


class CannedStub:
    """In the place of the connection: always the same answer."""

    def __init__(self, users: int) -> None:
        config = model_config_pb2.ModelConfig(name="demo", max_batch_size=1024)
        config.input.add(name="user_id", data_type=model_config_pb2.TYPE_INT64, dims=[1])
        config.input.add(name="k", data_type=model_config_pb2.TYPE_INT32, dims=[1])
        config.parameters["stages"].string_value = ",".join(STAGES)
        self.config = service_pb2.ModelConfigResponse(config=config)
        self.answer = answer(users).SerializeToString()

    def ModelConfig(self, request: Any, timeout: float) -> Any:
        return self.config

    def ModelInfer(self, request: Any, timeout: float) -> Any:
        request.SerializeToString()
        return service_pb2.ModelInferResponse.FromString(self.answer)


def answer(users: int) -> Any:
    random = np.random.default_rng(0)
    tensors = {
        "item_id": random.integers(0, 3000, (users, K)),
        "score": random.normal(size=(users, K)).astype(np.float32),
        "source": random.integers(1, 16, (users, K)).astype(np.uint8),
        "count": np.full((users, 1), K, np.int32),
        "stage_ms": np.ones((users, len(STAGES)), np.float32),
        "release": np.full((users, 64), 97, np.uint8),
    }
    made = service_pb2.ModelInferResponse()
    for name, value in tensors.items():
        made.outputs.add(name=name, datatype=WIRE[value.dtype.name], shape=value.shape)
        made.raw_output_contents.append(value.tobytes())
    return made


def main() -> None:
    run, figures = begin_run(__file__), []
    for users in (1, 100, 1000):
        client: Any = RecommenderClient("127.0.0.1:1", "demo")
        client._stub, ids, number = CannedStub(users), list(range(users)), max(3, 5000 // users)
        best = min(timeit.repeat(lambda asks=client, of=ids: asks.recommend(of, K), number=number, repeat=9)) / number
        print(f"{users:5} users a request, {K} items: {best * 1e6:8.1f} us")
        figures.append(smaller(f"{users} users a request, {K} items", best * 1e6, "us"))
    run.keep(figures)


if __name__ == "__main__":
    main()
