"""ModelDescription: what a client needs to know of a recommender's model."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tritonclient.grpc import model_config_pb2


@dataclass(frozen=True)
class ModelDescription:
    """What the model takes, how much of it at once, and which times it gives.

    Args:
        inputs: Triton's type (`INT64`, `UINT8`, ...) of each input by name.
        max_batch_size: most users in one request.
        stages: names of the stages whose times come with an answer.
        moment: when the server said so, by `time.monotonic`.
    """

    inputs: Mapping[str, str]
    max_batch_size: int
    stages: tuple[str, ...]
    moment: float = 0.0

    @classmethod
    def of(cls, config: Any) -> ModelDescription:
        """From the model's configuration as the server gives it.

        Raises:
            ValueError: when the model is no recommender.
        """
        named = model_config_pb2.DataType.Name
        inputs = {tensor.name: named(tensor.data_type).removeprefix("TYPE_") for tensor in config.input}
        if inputs.get("user_id") not in ("INT64", "UINT8") or "stages" not in config.parameters:
            raise ValueError(f"the model {config.name!r} is no recommender; name one that `recsys status` lists")
        stages = config.parameters["stages"].string_value.split(",")
        return cls(inputs, max(1, config.max_batch_size), tuple(stages), time.monotonic())

    def knows_of(self, seed: int | None) -> bool:
        """Whether the server need not be asked again because of a seed, which some releases take and others ignore.

        It is asked once a second at most: a client may give a seed to every request.
        """
        return seed is None or "seed" in self.inputs or time.monotonic() < self.moment + 1.0
