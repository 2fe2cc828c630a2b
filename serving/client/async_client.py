"""What an asynchronous application calls to get recommendations."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Any, Self

import grpc  # type: ignore[import-untyped]
import grpc.aio  # type: ignore[import-untyped]
from tritonclient.grpc import service_pb2, service_pb2_grpc

from serving.client.connection import OPTIONS, SIDE_BY_SIDE, Connection
from serving.client.context import Context
from serving.client.model_description import ModelDescription
from serving.client.recommender_error import RecommenderError
from serving.client.request import Events, Part, RequestMessage
from serving.request.recommendation import Id, RecommendationList


class AsyncRecommenderClient:
    """`RecommenderClient` for asyncio: one connection, for all tasks of one event loop.

    Args:
        url: gRPC address, `host:port`.
        name: the recommender.
        timeout: seconds for a whole call of `recommend`, however many requests and attempts it takes.
        retries: attempts after the first, for each request; 0 tries nothing again.

    Raises:
        ValueError: for an address with a scheme, no time, or less than no retries.

    Example:
        >>> async def both():
        ...     async with AsyncRecommenderClient(address, "demo") as client:  # such as "127.0.0.1:8001"
        ...         return await asyncio.gather(client.recommend(7), client.recommend(8))
        >>> first, second = asyncio.run(both())
    """

    def __init__(self, url: str, name: str, timeout: float = 5.0, retries: int = 3) -> None:
        self.url, self.name, self.timeout = url, name, timeout
        self._connection = Connection(url, name, timeout, retries)
        self._channel: Any = None
        self._stub: Any = None
        self._model: ModelDescription | None = None
        self._closed = False

    async def recommend(
        self,
        user_ids: Id | Sequence[Id],
        k: int = 10,
        *,
        seed: int | None = None,
        context: Context | None = None,
        events: Events | None = None,
        request_id: str | None = None,
    ) -> list[RecommendationList]:
        """Recommends items to users, a list each, in the order asked; as `RecommenderClient.recommend`.

        Raises:
            RecommenderError: when there is no server, no such recommender, no answer in time, or the
                request is refused; says which.
        """
        end = self._connection.end()
        self._open()
        question = RequestMessage(user_ids, k, seed, context, events, request_id)
        model, parts = await self._parts(question, end)
        if len(parts) == 1:
            return await self._answered(parts[0], model, end)
        free = asyncio.Semaphore(SIDE_BY_SIDE)

        async def ask(part: Part) -> list[RecommendationList]:
            async with free:
                return await self._answered(part, model, end)

        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(ask(part)) for part in parts]
        except ExceptionGroup as failed:  # the others were cancelled
            raise failed.exceptions[0] from failed.exceptions[0].__cause__
        return [answer for task in tasks for answer in task.result()]

    async def model(self) -> ModelDescription:
        """What the recommender takes, as the server says now; errors as those of `recommend`."""
        self._open()
        return await self._described(self._connection.end())

    async def close(self) -> None:
        """Closes the connection."""
        self._closed = True
        if self._channel is not None:
            await self._channel.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def _open(self) -> None:
        """Opens the channel in the event loop that will use it."""
        if self._closed:
            raise RecommenderError(f"The client of {self.name!r} at {self.url} is closed; open another.")
        if self._channel is None:
            self._channel = grpc.aio.insecure_channel(self.url, options=OPTIONS)
            self._stub = service_pb2_grpc.GRPCInferenceServiceStub(self._channel)

    async def _parts(self, question: RequestMessage, end: float) -> tuple[ModelDescription, list[Part]]:
        known = self._model
        if known is not None and known.knows_of(question.seed):
            try:
                return known, self._connection.parts(question, known)
            except RecommenderError:  # another release may be live by now, which takes it
                pass
        model = await self._described(end)
        return model, self._connection.parts(question, model)

    async def _described(self, end: float) -> ModelDescription:
        request = service_pb2.ModelConfigRequest(name=self.name)
        self._model = model = self._connection.described(await self._call(self._stub.ModelConfig, request, end))
        return model

    async def _answered(self, part: Part, model: ModelDescription, end: float) -> list[RecommendationList]:
        response, unnamed = self._connection.opened(await self._call(self._stub.ModelInfer, part.message, end))
        for release in unnamed:
            await self._ask_sources(release, end)
        return self._connection.read(response, part, model)

    async def _ask_sources(self, release: str, end: float) -> None:
        """Asks for the names of a release's sources, once and within the time that is left: lists go without, too."""
        request, left = self._connection.sources_request(release), max(0.0, end - time.monotonic())
        try:
            self._connection.note_sources(release, await self._stub.ModelConfig(request, timeout=left))
        except grpc.RpcError as error:
            self._connection.note_failure(release, error)

    async def _call(self, method: Any, request: Any, end: float) -> Any:
        attempts = self._connection.attempts(end, self._model is not None)
        while True:
            try:
                return await method(request, timeout=attempts.left())
            except grpc.RpcError as error:
                self._model = None  # what was known of the model may be what went wrong
                pause = attempts.pause(error)
            await asyncio.sleep(pause)
