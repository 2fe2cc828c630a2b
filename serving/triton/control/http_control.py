"""Model control of the embedded server over HTTP, with nothing but the standard library."""

from __future__ import annotations

import http.client
import json
import os
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from serving.triton.control.error_text import reason
from serving.triton.control.model_status import ModelStatus
from serving.triton.control.triton_error import TritonError

SOCKET = "http.sock"
"""In the folder of the server, which nobody but its owner may enter."""
QUICK = 10.0


class HttpControl:
    """Loads, unloads and describes models at the socket of a home's server; as `TritonControl` for other servers.

    The keeper needs no more either; gRPC would bring 30 MB of libraries for it.

    Args:
        folder: of the server, `<home>/triton`.

    Raises:
        TritonError: by every method, when the server refuses or does not answer in time.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def live(self) -> bool:
        """Whether the server answers at all."""
        try:
            return self._ask("GET", "/v2/health/live")[0] == 200
        except TritonError:
            return False

    def server_name(self) -> str | None:
        """What the server calls itself; None where none answers."""
        try:
            found = json.loads(self._ask("GET", "/v2", 2.0)[1])["name"]
        except (TritonError, ValueError, LookupError, TypeError):
            return None
        return str(found)

    def ready(self, model: str) -> bool:
        """Whether the server takes requests for a model (also while its backend process is dead)."""
        return self._ask("GET", f"/v2/models/{model}/ready")[0] == 200

    def config(self, model: str) -> dict[str, Any] | None:
        """The configuration of a loaded model; None where it is not loaded."""
        status, text = self._ask("GET", f"/v2/models/{model}/config")
        return dict(json.loads(text)) if status == 200 else None

    def parameters(self, model: str) -> dict[str, str] | None:
        """Parameters in the configuration of a loaded model; None where it is not loaded."""
        config = self.config(model)
        if config is None:
            return None
        return {key: value["string_value"] for key, value in config.get("parameters", {}).items()}

    def tensors(self, model: str) -> set[tuple[str, str, int, tuple[int, ...]]]:
        """Inputs and outputs of a loaded model; see `TritonControl.tensors`."""
        from tritonclient.grpc import model_config_pb2

        config, number = self.config(model) or {}, model_config_pb2.DataType.Value
        return {
            (kind, tensor["name"], number(tensor["data_type"]), tuple(map(int, tensor["dims"])))
            for kind in ("input", "output")
            for tensor in config.get(kind, ())
        }

    def steps(self, model: str) -> set[str]:
        """The models that a loaded ensemble calls; none where it is no ensemble."""
        config = self.config(model) or {}
        return {step["model_name"] for step in config.get("ensemble_scheduling", {}).get("step", ())}

    def processes(self, model: str) -> int:
        """How many backend processes a loaded model has when all is well; 0 where it has none."""
        config = self.config(model)
        if config is None or config.get("backend") != "python":
            return 0
        return sum(group.get("count", 1) for group in config["instance_group"])

    def models(self) -> list[ModelStatus]:
        """All models of the repository, loaded or not."""
        return [ModelStatus(m["name"], m.get("state") == "READY", reason(m.get("reason", ""))) for m in self._index()]

    def load(self, model: str, timeout: float = 300.0) -> None:
        """Loads a model, or loads it anew where its files have changed; returns when it is ready."""
        self._change(model, "load", timeout)
        if not self.ready(model):
            raise TritonError(f"Triton loaded {model!r}, but it is not ready.")

    def unload(self, model: str, timeout: float = 60.0) -> None:
        """Unloads a model, which goes on in the background; one that is not loaded is left alone."""
        self._change(model, "unload", timeout)

    def unloaded(self, model: str) -> bool:
        """Whether nothing of a model is loaded any more, and no request waits in it."""
        return all(m.get("reason") == "unloaded" for m in self._index() if m["name"] == model and "state" in m)

    def close(self) -> None:
        """Nothing is kept open between two questions."""

    def _index(self) -> list[Mapping[str, str]]:
        status, text = self._ask("POST", "/v2/repository/index")
        if status != 200:
            raise TritonError(f"Triton does not say what is loaded: {_error(text)}")
        return list(json.loads(text))

    def _change(self, model: str, verb: str, timeout: float) -> None:
        status, text = self._ask("POST", f"/v2/repository/models/{model}/{verb}", timeout)
        if status != 200:
            raise TritonError(f"Triton could not {verb} {model!r}: {_error(text)}")

    def _ask(self, method: str, path: str, timeout: float = QUICK) -> tuple[int, str]:
        connection = _Connection(self._folder, timeout)
        try:
            connection.request(method, path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode("utf-8", "replace")
        except TimeoutError as error:
            raise TritonError(f"Triton in {self._folder} did not answer within {timeout:g} s; see its log.") from error
        except (OSError, http.client.HTTPException) as error:
            raise TritonError(f"No Triton server answers at {self._folder / SOCKET} ({error}); start it.") from error
        finally:
            connection.close()


class _Connection(http.client.HTTPConnection):
    """A connection to a socket of the file system, however long its path is: a socket's address has 107 bytes."""

    def __init__(self, folder: Path, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._folder = folder

    def connect(self) -> None:
        folder = os.open(self._folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self.sock.settimeout(self.timeout)
            self.sock.connect(f"/proc/self/fd/{folder}/{SOCKET}")
        finally:
            os.close(folder)


def _error(text: str) -> str:
    """What Triton says of a failure; its answers are JSON."""
    try:
        return reason(str(json.loads(text)["error"]))
    except (ValueError, LookupError, TypeError):
        return text.strip()
