"""What an application calls to get recommendations."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Self

import grpc  # type: ignore[import-untyped]
from tritonclient.grpc import service_pb2, service_pb2_grpc

from serving.client.connection import OPTIONS, SIDE_BY_SIDE, Connection
from serving.client.context import Context
from serving.client.model_description import ModelDescription
from serving.client.recommender_error import RecommenderError
from serving.client.request import Events, Part, RequestMessage
from serving.request.recommendation import Id, RecommendationList

__all__ = ["RecommenderClient", "RecommenderError"]


class RecommenderClient:
    """Asks a recommender served by Triton; one connection, safe to share between threads.

    What did not reach the model (no server, one that is overloaded, one that has just come back and is loading a
    recommender that it had before) is tried again after random pauses that grow; what the server refused is not. The
    retries of the default take a third of a second: who would rather wait than do without asks for more of both,
    `timeout=20, retries=60` for a server that is started again.

    Args:
        url: gRPC address, `host:port`.
        name: the recommender.
        timeout: seconds for a whole call of `recommend`, however many requests and attempts it takes.
        retries: attempts after the first, for each request; 0 tries nothing again.

    Raises:
        ValueError: for an address with a scheme, no time, or less than no retries.

    Example:
        >>> client = RecommenderClient(address, "demo")  # an address such as "127.0.0.1:8001"
        >>> [item.item_id for item in client.recommend([7], k=3)[0].items]
        [700, 701, 702]
    """

    def __init__(self, url: str, name: str, timeout: float = 5.0, retries: int = 3) -> None:
        self.url, self.name, self.timeout = url, name, timeout
        self._connection = Connection(url, name, timeout, retries)
        self._channel = grpc.insecure_channel(url, options=OPTIONS)
        self._stub = service_pb2_grpc.GRPCInferenceServiceStub(self._channel)
        self._model: ModelDescription | None = None

    def recommend(
        self,
        user_ids: Id | Sequence[Id],
        k: int = 10,
        *,
        seed: int | None = None,
        context: Context | None = None,
        events: Events | None = None,
        request_id: str | None = None,
    ) -> list[RecommendationList]:
        """Recommends items to users, a list each, in the order asked.

        Args:
            user_ids: one id, or several; integers or strings, as in the logs. Unknown users get what is
                popular. More than the server takes at once are asked for in several requests, side by side.
            k: items a user.
            seed: makes sampled lists repeatable; nothing to a recommender that does not sample.
            context: values of further columns of the request by name, one for all users or one a user.
            events: what users did last, in case the server does not know yet: of the only user, or by user
                id.
            request_id: under which the server logs the request, made up where none is given; several
                requests of one call get `-0`, `-1`, ... at its end.

        Raises:
            RecommenderError: when there is no server, no such recommender, no answer in time, or the
                request is refused; says which.
        """
        end = self._connection.end()
        question = RequestMessage(user_ids, k, seed, context, events, request_id)
        model, parts = self._parts(question, end)
        if len(parts) == 1:
            return self._answered(parts[0], model, end)
        with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
            answers = pool.map(lambda part: self._answered(part, model, end), parts)
            return [answer for some in answers for answer in some]

    def model(self) -> ModelDescription:
        """What the recommender takes, as the server says now; errors as those of `recommend`."""
        return self._described(self._connection.end())

    def close(self) -> None:
        """Closes the connection."""
        self._channel.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _parts(self, question: RequestMessage, end: float) -> tuple[ModelDescription, list[Part]]:
        """The requests, by what is known of the model: asked for once, and anew where it forbids this request."""
        known = self._model
        if known is not None and known.knows_of(question.seed):
            try:
                return known, self._connection.parts(question, known)
            except RecommenderError:  # another release may be live by now, which takes it
                pass
        model = self._described(end)
        return model, self._connection.parts(question, model)

    def _described(self, end: float) -> ModelDescription:
        request = service_pb2.ModelConfigRequest(name=self.name)
        self._model = model = self._connection.described(self._call(self._stub.ModelConfig, request, end))
        return model

    def _answered(self, part: Part, model: ModelDescription, end: float) -> list[RecommendationList]:
        response, unnamed = self._connection.opened(self._call(self._stub.ModelInfer, part.message, end))
        for release in unnamed:
            self._ask_sources(release, end)
        return self._connection.read(response, part, model)

    def _ask_sources(self, release: str, end: float) -> None:
        """Asks for the names of a release's sources, once and within the time that is left: lists go without, too."""
        request, left = self._connection.sources_request(release), max(0.0, end - time.monotonic())
        try:
            self._connection.note_sources(release, self._stub.ModelConfig(request, timeout=left))
        except grpc.RpcError as error:
            self._connection.note_failure(release, error)

    def _call(self, method: Any, request: Any, end: float) -> Any:
        attempts = self._connection.attempts(end, self._model is not None)
        while True:
            try:
                return method(request, timeout=attempts.left())
            except grpc.RpcError as error:
                self._model = None  # what was known of the model may be what went wrong
                time.sleep(attempts.pause(error))
            except ValueError as error:  # what gRPC says of a closed channel
                raise RecommenderError(f"The client of {self.name!r} at {self.url} is closed; open another.") from error
