"""Connection: what both clients know of their server, and how they talk to it."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from typing import Any

from tritonclient.grpc import service_pb2

from serving.client.model_description import ModelDescription
from serving.client.recommender_error import RecommenderError
from serving.client.request import Part, RequestMessage
from serving.client.response import Response
from serving.client.retry import Retry
from serving.request.model_names import model_name
from serving.request.recommendation import RecommendationList

SIDE_BY_SIDE = 4
"""Parts of a large call that are under way at once."""

PASSING = frozenset({"UNAVAILABLE", "DEADLINE_EXCEEDED", "CANCELLED", "RESOURCE_EXHAUSTED"})
"""Codes of what may be otherwise a moment later."""
OPTIONS = [
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_send_message_length", -1),
    # An idle connection is looked after before load balancers drop it (many do after 350 s), and not more
    # often than servers allow without calls (every 300 s), who close the connection of who asks too often.
    ("grpc.keepalive_time_ms", 330_000),
    ("grpc.keepalive_timeout_ms", 20_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.max_pings_without_data", 0),
    # A server that comes back is found at once, and not after a pause of up to two minutes.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1_000),
]


@dataclass(frozen=True)
class Connection:
    """Server, recommender and patience of a client.

    Args:
        url: gRPC address, `host:port`.
        name: the recommender.
        timeout: seconds for a whole call.
        retries: attempts after the first.

    Raises:
        ValueError: for a URL with a scheme, no time, or less than no retries.
    """

    url: str
    name: str
    timeout: float
    retries: int
    _sources: dict[str, tuple[str, ...]] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if re.match(r"https?://", self.url):
            raise ValueError(f"The address of Triton's gRPC is host:port, got {self.url!r}; leave out the scheme.")
        if not self.timeout > 0 or self.retries < 0:
            raise ValueError(f"timeout must be above 0 and retries not negative, got {self.timeout}, {self.retries}.")

    def end(self) -> float:
        """When a call that begins now is out of time, by `time.monotonic`."""
        return time.monotonic() + self.timeout

    def attempts(self, end: float, known: bool) -> Retry:
        """For one request of a call that ends then; `known` says whether the server has described the recommender."""
        return Retry(self.url, self.name, self.timeout, end, self.retries, known)

    def described(self, answer: Any) -> ModelDescription:
        """From a `ModelConfigResponse`; RecommenderError when the model is no recommender."""
        try:
            return ModelDescription.of(answer.config)
        except ValueError as error:
            raise RecommenderError(f"Triton at {self.url} was not asked: {error}.") from error

    def parts(self, question: RequestMessage, model: ModelDescription) -> list[Part]:
        """The requests of a call; RecommenderError when they cannot be sent."""
        try:
            return question.parts(self.name, model)
        except ValueError as error:
            raise RecommenderError(f"The request to {self.name!r} at {self.url} was not sent: {error}") from error

    def opened(self, message: Any) -> tuple[Response, set[str]]:
        """A response taken apart, and the releases that must be asked for the names of their sources before it is read.

        Raises:
            RecommenderError: when it is no answer of a recommender.
        """
        try:
            response = Response.of(message)
            return response, response.unnamed(self._sources)
        except ValueError as error:
            raise self._no_answer(error) from error

    def sources_request(self, release: str) -> Any:
        """What asks for the sources of a release: its model knows them."""
        return service_pb2.ModelConfigRequest(name=model_name(self.name.partition(".")[0], release))

    def note_sources(self, release: str, answer: Any) -> None:
        """Keeps the names of the sources of a release, from the `ModelConfigResponse` of its model."""
        names = answer.config.parameters["sources"].string_value if "sources" in answer.config.parameters else ""
        self._sources[release] = tuple(filter(None, names.split(",")))

    def note_failure(self, release: str, error: Any) -> None:
        """Lets the sources of a release go without names where nobody knows them; what may pass is asked again.

        Args:
            release: its hash.
            error: a `grpc.RpcError`.
        """
        if error.code().name not in PASSING:
            self._sources[release] = ()

    def read(self, response: Response, part: Part, model: ModelDescription) -> list[RecommendationList]:
        """The lists of a response; RecommenderError when it is none of a recommender."""
        try:
            return response.lists(part, model.stages, self._sources)
        except ValueError as error:
            raise self._no_answer(error) from error

    def _no_answer(self, error: ValueError) -> RecommenderError:
        return RecommenderError(f"Triton at {self.url} was asked for {self.name!r}, but {error}.")
