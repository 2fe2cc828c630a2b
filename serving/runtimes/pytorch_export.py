"""A PyTorch module as ONNX, the form in which `PredictPyTorch` serves it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ops_gpu.primitives.atomic_file import atomic_file
from ops_gpu.schema.schema import Schema

OPSET = 18


def export_pytorch(module: Any, inputs: Schema, outputs: Sequence[str], target: Path) -> None:
    """Converts a module over any number of rows, with its inputs and outputs by name.

    Needs PyTorch and onnxscript (the extra `pytorch`); what serves the file needs neither.

    Args:
        module: a `torch.nn.Module`; its `forward` takes a tensor an input, `[rows]` or `[rows, width]`, in order.
        inputs: names and types; the property `width` is the length of a vector.
        outputs: names of what `forward` returns, one or a tuple.
        target: the `.onnx` file to write, weights within: aside first, then renamed.

    Raises:
        ValueError: when the module cannot be traced with these inputs, or returns another number of outputs.

    Example:
        >>> export_pytorch(tower, user_schema, ["query_vector"], parts / "query_model/model.onnx")  # doctest: +SKIP
    """
    import torch

    examples = tuple(
        torch.zeros((2, *_width(column.properties)), dtype=getattr(torch, column.dtype)) for column in inputs
    )
    module = module.eval()
    try:
        given = module(*examples)
        count = len(given) if isinstance(given, (tuple, list)) else 1
        if count != len(outputs):
            raise ValueError(f"it returns {count} outputs, and {len(outputs)} are named: {', '.join(outputs)}")
        program: Any = torch.onnx.export(
            module,
            examples,
            input_names=inputs.names,
            output_names=list(outputs),
            dynamic_shapes=[{0: torch.export.Dim("rows")} for _ in inputs],
            opset_version=OPSET,
            dynamo=True,
            verbose=False,
        )
        with atomic_file(target) as aside:
            program.save(str(aside), external_data=False)
    except Exception as error:
        raise ValueError(f"The module cannot be written as {target.name}: {error}") from error


def _width(properties: Any) -> tuple[int, ...]:
    return (int(properties["width"]),) if properties.get("width") else ()
