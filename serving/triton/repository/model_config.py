"""The text of Triton model configurations, derived from the schema of an ensemble."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from ops_gpu.schema.column import ColumnSchema
from ops_gpu.schema.schema import Schema
from serving.operators.base import STAGES
from serving.request.request import MAX_EVENTS, MAX_ID_BYTES
from serving.request.text_lists import LIST_BYTES


@dataclass(frozen=True)
class ModelTensors:
    """Inputs and outputs of a recommender's model, as text of its configuration.

    Args:
        inputs: text of each input by name.
        outputs: text of each output by name.
    """

    inputs: Mapping[str, str]
    outputs: Mapping[str, str]

    @classmethod
    def of(cls, inputs: Schema, outputs: Schema) -> ModelTensors:
        """From the schemas of what an ensemble takes and gives."""
        items = (
            "data_type: TYPE_INT64 dims: [ -1 ]"
            if outputs["item_id"].dtype == "int64"
            else ("data_type: TYPE_UINT8 dims: [ -1, -1 ]")
        )
        given = {
            "item_id": items,
            "score": "data_type: TYPE_FP32 dims: [ -1 ]",
            "source": "data_type: TYPE_UINT8 dims: [ -1 ]",
            "count": "data_type: TYPE_INT32 dims: [ 1 ]",
            "stage_ms": f"data_type: TYPE_FP32 dims: [ {len(STAGES)} ]",
            "release": "data_type: TYPE_UINT8 dims: [ 64 ]",
        }
        if "sources" in outputs:
            given["sources"] = "data_type: TYPE_UINT32 dims: [ -1 ]"
        return cls({column.name: _input(column) for column in inputs}, given)

    def giving(self, names: Collection[str]) -> ModelTensors:
        """The same with these outputs alone."""
        return ModelTensors(self.inputs, {name: text for name, text in self.outputs.items() if name in names})


def with_users(texts: Mapping[str, str]) -> dict[str, str]:
    """Texts of tensors for a model that does not batch: the dimension of users, which others leave to Triton."""
    return {name: text.replace("dims: [ ", "dims: [ -1, ") for name, text in texts.items()}


def _input(column: ColumnSchema) -> str:
    several = "padded" in column.properties
    # No size is left to a request but the number of users: Triton refuses another one before it copies anything.
    if column.dtype == "string":
        kind, size = "UINT8", LIST_BYTES if several else MAX_ID_BYTES
    else:
        types = {"float32": "FP32", "float64": "FP64"}
        kind, size = types.get(column.dtype, column.dtype.upper()), MAX_EVENTS if several else 1
    # Optional even what must be there: the model says what a request lacks, where Triton would only say of the model in
    # front of it that its steps wait for each other for ever.
    return f"data_type: TYPE_{kind} dims: [ {size} ] optional: true"


def release_parameters(release_hash: str, **more: str) -> dict[str, str]:
    """Parameters by which clients know the release and the names of its stages; of a model also those of its sources
    (`sources`), in the order of the bits of the output of that name.
    """
    return {"release": release_hash, "stages": ",".join(STAGES), **more}


def config_text(
    model: str,
    kind: str,
    tensors: ModelTensors,
    max_batch_size: int,
    more: str,
    parameters: Mapping[str, str],
) -> str:
    """A whole `config.pbtxt`; `kind` names the backend or platform and `more` is further text."""
    lines = [f"name: {_quoted(model)}", kind, f"max_batch_size: {max_batch_size}"]
    for field, texts in (("input", tensors.inputs), ("output", tensors.outputs)):
        lines += [f"{field} {{ name: {_quoted(name)} {text} }}" for name, text in texts.items()]
    lines += [
        f"parameters {{ key: {_quoted(key)} value {{ string_value: {_quoted(value)} }} }}"
        for key, value in parameters.items()
    ]
    return "\n".join([*lines, more])


def batching(delay_us: int = 0) -> str:
    """The part of a configuration by which requests that wait together are handed over together.

    How many wait is bounded by those who ask alone. A queue policy with `max_queue_size` would tell some at once, but
    with one Triton 2.45 hands over late what waits, in small batches: the demo answered 16 clients 450 times a second,
    and without 1,650 times.

    Args:
        delay_us: microseconds that a request may wait for others.
    """
    return f"dynamic_batching {{ max_queue_delay_microseconds: {delay_us} }}\n"


def scheduling(steps: Mapping[str, ModelTensors]) -> str:
    """The part of an ensemble's configuration that says which models take and give which of its tensors.

    Args:
        steps: tensors of each model by its name; those of one name are one.
    """
    texts = ",\n".join(_step(model, tensors) for model, tensors in steps.items())
    return f"ensemble_scheduling {{ step [\n{texts}\n] }}\n"


def _step(model: str, tensors: ModelTensors) -> str:
    maps = [f"input_map {{ key: {_quoted(name)} value: {_quoted(name)} }}" for name in tensors.inputs]
    maps += [f"output_map {{ key: {_quoted(name)} value: {_quoted(name)} }}" for name in tensors.outputs]
    return f"{{ model_name: {_quoted(model)} model_version: -1 {' '.join(maps)} }}"


def _quoted(text: str) -> str:
    """A string of the protobuf text format."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
