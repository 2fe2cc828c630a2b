from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from ops_gpu.schema.column import ColumnSchema
from ops_gpu.schema.schema import Schema
from serving.operators.scoring.predict_pytorch import PredictPyTorch
from tests.serving.operators.contract_world import write_onnx

INPUTS = Schema([ColumnSchema("code", "int32"), ColumnSchema("numbers", "float32", properties={"width": 3})])
VECTOR, TOTAL = ColumnSchema("vector", "float32", properties={"width": 5}), ColumnSchema("total", "float32")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model")
    write_onnx(folder / "onnx")
    return folder / "onnx"


def bound(folder: Path, inputs: Schema = INPUTS, *outputs: ColumnSchema) -> PredictPyTorch:
    operator = PredictPyTorch("model.onnx", inputs.to_dict(), Schema(outputs or (VECTOR, TOTAL)).to_dict())
    release: Any = SimpleNamespace(part=lambda name: folder / name)
    operator.bind(release)
    return operator


def test_outputs_are_taken_by_name(folder: Path) -> None:
    columns = {"code": np.array([3, 0, 5], np.int32), "numbers": np.ones((3, 3), np.float32)}
    both, one = bound(folder).transform(columns), bound(folder, INPUTS, TOTAL).transform(columns)
    assert list(both) == ["vector", "total"] and list(one) == ["total"]
    np.testing.assert_allclose(both["vector"].sum(axis=1), both["total"], rtol=1e-5)  # type: ignore[union-attr,arg-type]
    np.testing.assert_array_equal(one["total"], both["total"])


@pytest.mark.parametrize(
    ("inputs", "outputs", "reason"),
    [
        (
            INPUTS.excluding("code"),
            (),
            r"has the inputs \['code', 'numbers'\], but the ensemble gives it \['numbers'\]",
        ),
        (
            INPUTS,
            (ColumnSchema("score", "float32"),),
            r"gives the output 'score' of model.onnx, which has vector, total",
        ),
        (
            INPUTS.with_columns([ColumnSchema("code", "float32")]),
            (),
            r"input 'code' of model.onnx is float32 \[rows\], but the model's is tensor\(int64\) \[rows\]",
        ),
        (
            INPUTS.with_columns([ColumnSchema("numbers", "float32", properties={"width": 4})]),
            (),
            r"'numbers' of model.onnx is float32 \[rows, 4\], but the model's is tensor\(float\) \[rows, 3\]",
        ),
        (INPUTS.with_columns([ColumnSchema("numbers", "float32")]), (), r"'numbers' .* is float32 \[rows\], but"),
        (INPUTS, (VECTOR.with_properties({"width": 6}),), r"output 'vector' of model.onnx is float32 \[rows, 6\], but"),
        (
            INPUTS,
            (ColumnSchema("total", "int32"),),
            r"output 'total' of model.onnx is int32 \[rows\], but the model's is",
        ),
    ],
)
def test_what_does_not_match_names_both(folder: Path, inputs: Schema, outputs: Any, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        bound(folder, inputs, *outputs)


def test_a_model_needs_inputs_and_outputs() -> None:
    with pytest.raises(ValueError, match="at least one input and one output"):
        PredictPyTorch("m.onnx", INPUTS.to_dict(), Schema().to_dict())
    with pytest.raises(ValueError, match="threads must be 1 or more"):
        PredictPyTorch("m.onnx", INPUTS.to_dict(), Schema([TOTAL]).to_dict(), threads=0)


def test_a_module_gives_what_it_gives_in_pytorch(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed (extra `pytorch`)")
    pytest.importorskip("onnxscript", reason="onnxscript is not installed (extra `pytorch`)")
    from serving.runtimes.pytorch_export import export_pytorch

    class Tower(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.table, self.layer = torch.nn.Embedding(10, 4), torch.nn.Linear(7, 5)

        def forward(self, code: Any, numbers: Any) -> Any:
            vector = torch.relu(self.layer(torch.cat([self.table(code), numbers], dim=1)))
            return vector, vector.sum(dim=1, keepdim=True)

    torch.manual_seed(1)
    module = Tower()
    with pytest.raises(ValueError, match=r"returns 2 outputs, and 1 are named: vector"):
        export_pytorch(module, INPUTS, ["vector"], tmp_path / "model.onnx")
    export_pytorch(module, INPUTS, ["vector", "total"], tmp_path / "model.onnx")
    assert [path.name for path in tmp_path.iterdir()] == ["model.onnx"]
    predict = bound(tmp_path)
    for rows in (1, 3, 0):
        columns = {
            "code": np.arange(rows, dtype=np.int32),
            "numbers": np.linspace(-1, 1, rows * 3, dtype=np.float32).reshape(rows, 3),
        }
        found = predict.transform(columns)
        expected = [value.detach().numpy() for value in module(*(torch.tensor(c) for c in columns.values()))]
        np.testing.assert_allclose(found["vector"], expected[0], rtol=1e-5, atol=1e-6)  # type: ignore[arg-type]
        np.testing.assert_allclose(found["total"], expected[1][:, 0], rtol=1e-5, atol=1e-6)  # type: ignore[arg-type]
