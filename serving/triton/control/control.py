"""Model control of one Triton server over gRPC, with errors a person can read."""

from __future__ import annotations

from typing import Any

import grpc  # type: ignore[import-untyped]
from tritonclient.grpc import service_pb2, service_pb2_grpc

from serving.triton.control.error_text import reason
from serving.triton.control.model_status import ModelStatus
from serving.triton.control.triton_error import TritonError

__all__ = ["ModelStatus", "TritonControl", "TritonError"]

UNLIMITED = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]


class TritonControl:
    """Loads, unloads and describes models of a server of one's own; the embedded one takes `HttpControl`.

    Args:
        grpc_url: `host:port`.
        key: `KEY=VALUE` where the server was started with `--grpc-restricted-protocol=model-repository:KEY=VALUE`.

    Example:
        >>> control = TritonControl("triton.internal:8001", "operator=...")
        >>> control.load("demo")  # doctest: +SKIP
    """

    def __init__(self, grpc_url: str, key: str | None = None) -> None:
        self.grpc_url = grpc_url
        name, _, value = (key or "").partition("=")
        self._metadata = [(f"triton-grpc-protocol-{name.lower()}", value)] if name else []
        self._channel = grpc.insecure_channel(grpc_url, options=UNLIMITED)
        self._stub = service_pb2_grpc.GRPCInferenceServiceStub(self._channel)

    def load(self, model: str, timeout: float = 300.0) -> None:
        """Loads a model, or loads it anew where its files have changed; returns when it is ready.

        Raises:
            TritonError: when it cannot be loaded, with the server's reason.
        """
        self._call("RepositoryModelLoad", service_pb2.RepositoryModelLoadRequest(model_name=model), timeout)
        request = service_pb2.ModelReadyRequest(name=model)
        if not self._call("ModelReady", request, 10.0).ready:
            raise TritonError(f"Triton at {self.grpc_url} loaded {model!r}, but it is not ready.")

    def unload(self, model: str, timeout: float = 60.0) -> None:
        """Unloads a model; one that is not loaded is left alone. Requests in flight are still answered."""
        request = service_pb2.RepositoryModelUnloadRequest(model_name=model)
        self._call("RepositoryModelUnload", request, timeout)

    def models(self) -> list[ModelStatus]:
        """All models of the repository, loaded or not."""
        answer = self._call("RepositoryIndex", service_pb2.RepositoryIndexRequest(), 10.0)
        return [ModelStatus(m.name, m.state == "READY", reason(m.reason)) for m in answer.models]

    def parameters(self, model: str) -> dict[str, str] | None:
        """Parameters in the configuration of a loaded model; None where it is not loaded."""
        config = self._config(model)
        return config and {key: value.string_value for key, value in config.parameters.items()}

    def tensors(self, model: str) -> set[tuple[str, str, int, tuple[int, ...]]]:
        """Inputs and outputs of a loaded model: kind, name, type and shape."""
        config = self._config(model)
        kinds = (("input", config.input), ("output", config.output)) if config else ()
        return {(kind, t.name, t.data_type, tuple(t.dims)) for kind, tensors in kinds for t in tensors}

    def steps(self, model: str) -> set[str]:
        """The models that a loaded ensemble calls; none where it is no ensemble."""
        config = self._config(model)
        return {step.model_name for step in config.ensemble_scheduling.step} if config else set()

    def close(self) -> None:
        """Closes the connection."""
        self._channel.close()

    def _config(self, model: str) -> Any:
        """The configuration of a loaded model; None where it is not loaded."""
        try:
            return self._call("ModelConfig", service_pb2.ModelConfigRequest(name=model), 10.0).config
        except TritonError as error:
            if isinstance(error.__cause__, grpc.RpcError) and _code(error.__cause__) == "NOT_FOUND":
                return None
            raise

    def _call(self, method: str, request: Any, timeout: float) -> Any:
        try:
            return getattr(self._stub, method)(request, timeout=timeout, metadata=self._metadata)
        except grpc.RpcError as error:
            raise TritonError(_message(error, self.grpc_url, timeout)) from error


def _code(error: Any) -> str:
    return str(error.code().name)


def _message(error: Any, url: str, timeout: float) -> str:
    if "protocol is restricted" in str(error.details()):  # said with the code of a server that is not there
        return f"Triton at {url} keeps model control locked, and our `control_key` is not its key; correct it."
    if _code(error) == "UNAVAILABLE":
        return f"No Triton server answers at {url}; start it, or correct the address."
    if _code(error) == "DEADLINE_EXCEEDED":
        return f"Triton at {url} did not answer within {timeout:g} s; see its log."
    return f"Triton at {url}: {reason(str(error.details()))}"
