"""Warmup: requests that Triton answers by itself before a model counts as ready."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ops_gpu.schema.schema import Schema
from serving.request.id_encoding import encode_ids
from serving.request.recommendation import Id

FOLDER = "warmup"
"""Where Triton looks for the data of its `model_warmup`."""
BATCH_SIZES = (1, 1, 16)


@dataclass(frozen=True)
class Warmup:
    """The `model_warmup` of a model, so that also after a restart nobody waits for code that never ran.

    Args:
        text: of the configuration.
        files: data of the inputs, by file name.
        requests: how many an instance gets, all without an id.
    """

    text: str
    files: Mapping[str, bytes]
    requests: int = 0

    @classmethod
    def of(cls, inputs: Schema, users: Sequence[Id]) -> Warmup:
        """Asks for one user alone, and for the same one sixteen times, as Triton repeats what it is given.

        Args:
            inputs: of the ensemble; optional ones are left out.
            users: whom to ask for.
        """
        integer = inputs["user_id"].dtype != "string"
        texts, files = [], {}
        for number, size in enumerate(BATCH_SIZES):
            data = encode_ids([users[number % len(users)]], "INT64" if integer else "UINT8")
            file = f"user_id-{number}"
            files[file] = np.ascontiguousarray(data[0]).tobytes()
            tensor = f"data_type: TYPE_{'INT64' if integer else 'UINT8'} dims: [ {data.shape[1]} ]"
            texts.append(
                f'model_warmup {{ name: "{number}" batch_size: {size} inputs {{ key: "user_id" '
                f'value {{ {tensor} input_data_file: "{file}" }} }} }}'
            )
        return cls("\n".join(texts), files, sum(BATCH_SIZES))

    def write(self, model: Path) -> None:
        """Writes the data into a model's folder."""
        (model / FOLDER).mkdir()
        for name, data in self.files.items():
            (model / FOLDER / name).write_bytes(data)
