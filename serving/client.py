"""What an application calls to get recommendations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import grpc  # type: ignore[import-untyped]
import numpy as np
from tritonclient.grpc import service_pb2, service_pb2_grpc

from ops_gpu.candidates.candidates import BITS, DEGRADED, FALLBACK
from serving.recommendation import Id, Recommendation, RecommendationList
from serving.wire import Array, ModelDescription, add_input, decode_ids, encode_ids, read_outputs

_UNLIMITED = [
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_send_message_length", -1),
    ("grpc.max_reconnect_backoff_ms", 1000),  # a server that was away for a while is found again at once
]


class RecommenderError(RuntimeError):
    """Why there is no answer, in a sentence."""


class RecommenderClient:
    """Asks a recommender served by Triton; one connection, safe to share between threads.

    Args:
        url: gRPC address, `host:port`.
        name: the recommender.
        timeout: seconds for one request.

    Example:
        >>> client = RecommenderClient("127.0.0.1:8001", "demo")
        >>> [item.item_id for item in client.recommend([7], k=3)[0].items]
        [412, 88, 1093]
    """

    def __init__(self, url: str, name: str, timeout: float = 5.0) -> None:
        self.url, self.name, self.timeout = url, name, timeout
        self._channel = grpc.insecure_channel(url, options=_UNLIMITED)
        self._stub = service_pb2_grpc.GRPCInferenceServiceStub(self._channel)
        self._model: ModelDescription | None = None

    def recommend(self, user_ids: Id | Sequence[Id], k: int = 10) -> list[RecommendationList]:
        """Recommends items to users, a list each, in the order asked.

        Args:
            user_ids: one id, or several; integers or strings, as in the logs. Unknown users get what is
                popular.
            k: items a user.

        Raises:
            RecommenderError: when there is no server, no such recommender, no answer in time, or the
                request is refused; says which.
        """
        ids = [user_ids] if isinstance(user_ids, (int, str)) else list(user_ids)
        model = self._described()
        answers: list[RecommendationList] = []
        for start in range(0, len(ids), model.max_batch_size):
            part = ids[start : start + model.max_batch_size]
            answers += _lists(part, read_outputs(self._infer(part, k, model)), model)
        return answers

    def close(self) -> None:
        """Closes the connection."""
        self._channel.close()

    def __enter__(self) -> RecommenderClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _described(self) -> ModelDescription:
        if self._model is None:  # asked for once: it is the same for all releases of one recommender
            answer = self._call("ModelConfig", service_pb2.ModelConfigRequest(name=self.name))
            self._model = ModelDescription.of(answer.config)
        return self._model

    def _infer(self, ids: Sequence[Id], k: int, model: ModelDescription) -> Any:
        request = service_pb2.ModelInferRequest(model_name=self.name)
        try:
            add_input(request, "user_id", encode_ids(ids, model.id_type))
            add_input(request, "k", np.full((len(ids), 1), k, np.int32))
        except (ValueError, OverflowError) as error:
            raise RecommenderError(f"The request was not sent: {error}") from error
        return self._call("ModelInfer", request)

    def _call(self, method: str, request: Any) -> Any:
        try:
            return getattr(self._stub, method)(request, timeout=self.timeout)
        except grpc.RpcError as error:
            self._model = None  # what was known of the model may be what went wrong
            raise RecommenderError(self._explained(error)) from error

    def _explained(self, error: Any) -> str:
        code, details = error.code().name, str(error.details())
        if "unknown model" in details or "not ready" in details or "not found" in details:
            return f"Triton at {self.url} serves no recommender {self.name!r}; deploy it first."
        if code == "UNAVAILABLE":
            return f"No Triton server answers at {self.url}; start it, or correct the address."
        if code == "DEADLINE_EXCEEDED":
            return f"Triton at {self.url} did not answer within {self.timeout:g} s; wait longer or try again."
        return f"Triton at {self.url} refused the request: {details}"


def _lists(ids: Sequence[Id], tensors: dict[str, Array], model: ModelDescription) -> list[RecommendationList]:
    release = tensors["release"][0].tobytes().decode()
    stage_ms = dict(zip(model.stages, tensors["stage_ms"][0].tolist(), strict=True))
    items, counts = decode_ids(tensors["item_id"]), tensors["count"][:, 0].tolist()
    scores, sources = tensors["score"].tolist(), tensors["source"].tolist()
    lists = []
    for row, user_id in enumerate(ids):
        found = zip(items[row][: counts[row]], scores[row], sources[row], strict=False)
        recommended = tuple(Recommendation(item, score, _names(bits)) for item, score, bits in found)
        popular = counts[row] == 0 or bool(sources[row][0] & FALLBACK)
        source = "popular" if popular else "personalized"
        degraded = bool(sources[row][0] & DEGRADED)
        lists.append(RecommendationList(user_id, recommended, source, release, dict(stage_ms), degraded))
    return lists


def _names(bits: int) -> tuple[str, ...]:
    return tuple(name for name, bit in BITS.items() if bits & bit)
