"""Model control of the embedded server over HTTP, with nothing but the standard library."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from typing import Any

from serving.triton.server_state import KEY_HEADER, LOOPBACK, ServerState
from serving.triton.triton_error import TritonError

QUICK = 5.0


class HttpControl:
    """What the keeper needs of its server; gRPC would bring 30 MB of libraries for it.

    Args:
        state: of the server.

    Raises:
        TritonError: by every method, when the server refuses or does not answer in time.
    """

    def __init__(self, state: ServerState) -> None:
        self._port, self._headers = state.http_port, {KEY_HEADER: state.key}

    def live(self) -> bool:
        """Whether the server answers at all."""
        try:
            return self._ask("GET", "/v2/health/live")[0] == 200
        except TritonError:
            return False

    def ready(self, model: str) -> bool:
        """Whether the server takes requests for a model (also while its backend process is dead)."""
        return self._ask("GET", f"/v2/models/{model}/ready")[0] == 200

    def config(self, model: str) -> dict[str, Any] | None:
        """The configuration of a loaded model; None where it is not loaded."""
        status, text = self._ask("GET", f"/v2/models/{model}/config")
        return dict(json.loads(text)) if status == 200 else None

    def parameters(self, model: str) -> Mapping[str, str] | None:
        """Parameters in the configuration of a loaded model; None where it is not loaded."""
        config = self.config(model)
        if config is None:
            return None
        return {key: value["string_value"] for key, value in config.get("parameters", {}).items()}

    def processes(self, model: str) -> int:
        """How many backend processes a loaded model has when all is well; 0 where it has none."""
        config = self.config(model)
        if config is None or config.get("backend") != "python":
            return 0
        return sum(group.get("count", 1) for group in config["instance_group"])

    def load(self, model: str) -> None:
        """Loads a model; returns when it is ready."""
        self._change(model, "load", 300.0)

    def unload(self, model: str) -> None:
        """Unloads a model, which goes on in the background."""
        self._change(model, "unload", QUICK)

    def unloaded(self, model: str) -> bool:
        """Whether nothing of a model is loaded any more, and no request waits in it."""
        status, text = self._ask("POST", "/v2/repository/index")
        if status != 200:
            raise TritonError(f"Triton does not say what is loaded: {text.strip()}")
        return all(m.get("reason") == "unloaded" for m in json.loads(text) if m["name"] == model and "state" in m)

    def _change(self, model: str, verb: str, timeout: float) -> None:
        status, text = self._ask("POST", f"/v2/repository/models/{model}/{verb}", timeout)
        if status != 200:
            raise TritonError(f"Triton could not {verb} {model!r}: {text.strip()}")

    def _ask(self, method: str, path: str, timeout: float = QUICK) -> tuple[int, str]:
        connection = http.client.HTTPConnection(LOOPBACK, self._port, timeout=timeout)
        try:
            connection.request(method, path, headers=self._headers)
            answer = connection.getresponse()
            return answer.status, answer.read().decode("utf-8", "replace")
        except (OSError, http.client.HTTPException) as error:
            raise TritonError(f"Triton at port {self._port} does not answer ({error}).") from error
        finally:
            connection.close()
