"""What stands before two releases: some users are answered by a challenger, or it answers unseen."""

from __future__ import annotations

import asyncio
import json
import logging
import random
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from serving.decisions.reader import TEST
from serving.request.seed import UNSEEDED, with_fresh
from serving.triton.python_backend.periodic_worker import PeriodicWorker
from serving.triton.python_backend.routing import in_canary, merged
from serving.triton.python_backend.serving_metrics import TOLD_EVERY
from serving.triton.python_backend.shadow import Shadow
from serving.triton.python_backend.shadow_metrics import ShadowMetrics
from serving.triton.tensors.dlpack import to_tensor
from serving.triton.tensors.messages import read_tensor, respond
from serving.triton.tensors.own_memory import close_memory

Array = npt.NDArray[Any]
logger = logging.getLogger(__name__)


class TritonPythonModel:
    """Sends each user's request to the live release or the challenger (canary), or shows it to the latter (shadow).

    It holds no model and no TensorFlow. A canary that fails is answered by the live release, so that trying a
    challenger costs nobody an answer.
    """

    def initialize(self, args: dict[str, str]) -> None:
        """Reads from the model's configuration which models there are, and the shares of both."""
        import triton_python_backend_utils as pb_utils

        close_memory()
        self._pb = pb_utils
        config = json.loads(args["model_config"])
        parameters = {key: value["string_value"] for key, value in config["parameters"].items()}
        self._live, self._challenger = parameters["live_model"], parameters["candidate_model"]
        self._canary, self._shadow_share = float(parameters["canary"]), float(parameters["shadow"])
        self._salt = int(parameters["candidate"][:15], 16)
        self._inputs = [tensor["name"] for tensor in config["input"]]
        self._outputs = [tensor["name"] for tensor in config["output"]]
        self._shadow = Shadow.of(parameters) if self._shadow_share else None
        self._background = None
        if self._shadow is not None:
            metrics = ShadowMetrics(pb_utils, self._shadow, args["model_name"].partition(".")[0], parameters)
            self._background = PeriodicWorker({**self._shadow.work, metrics.flush: TOLD_EVERY})

    def finalize(self) -> None:
        """Writes the comparisons that wait."""
        if self._background is not None:
            self._background.close()

    async def execute(self, requests: Sequence[Any]) -> list[Any]:
        """One response a request, in order; all are under way at once."""
        return list(await asyncio.gather(*(self._answered(request) for request in requests)))

    async def _answered(self, request: Any) -> Any:
        try:
            tensors = {name: read_tensor(self._pb, request, name) for name in self._inputs}
            inputs = {name: tensor for name, tensor in tensors.items() if tensor is not None}
            shadow = self._shadow if self._is_shown(request.request_id()) else None
            if shadow is not None:
                inputs = self._seeded(inputs)
            outputs = await self._routed(inputs, request.request_id())
        except Exception as error:
            return respond(self._pb, error)
        if shadow is not None:
            shadow.show(request.request_id(), inputs, outputs)
        return respond(self._pb, outputs)

    def _is_shown(self, request: str) -> bool:
        return not request.startswith(TEST) and random.random() < self._shadow_share

    def _seeded(self, inputs: dict[str, Array]) -> dict[str, Array]:
        """The same with one seed for both releases, where lists are drawn: other draws say nothing of a model."""
        if "seed" not in self._inputs or "user_id" not in inputs:
            return inputs
        unseeded = np.full((len(inputs["user_id"]), 1), UNSEEDED, np.int64)
        return {**inputs, "seed": with_fresh(inputs.get("seed", unseeded))}

    async def _routed(self, inputs: dict[str, Array], request: str) -> dict[str, Array]:
        if "user_id" not in inputs:  # whoever is asked says so
            return await self._ask(self._live, inputs, request)
        rows = in_canary(inputs["user_id"], self._canary, self._salt)
        if not rows.any():
            return await self._ask(self._live, inputs, request)
        try:
            if rows.all():
                return await self._ask(self._challenger, inputs, request)
            mine, theirs = await asyncio.gather(
                self._ask(self._live, {name: value[~rows] for name, value in inputs.items()}, request),
                self._ask(self._challenger, {name: value[rows] for name, value in inputs.items()}, request),
            )
            return merged(mine, theirs, rows)
        except RuntimeError as error:
            logger.warning("The challenger gave no answer, so the live release did: %s", error)
            return await self._ask(self._live, inputs, request)

    async def _ask(self, model: str, inputs: dict[str, Array], request: str) -> dict[str, Array]:
        tensors = [to_tensor(self._pb, name, np.array(value)) for name, value in inputs.items()]
        asked = self._pb.InferenceRequest(
            model_name=model, requested_output_names=self._outputs, inputs=tensors, request_id=request
        )
        response = await asked.async_exec()
        if response.has_error():
            raise RuntimeError(response.error().message())
        return {tensor.name(): np.array(np.from_dlpack(tensor)) for tensor in response.output_tensors()}
