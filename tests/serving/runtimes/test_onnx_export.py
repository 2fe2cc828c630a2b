from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ops_gpu.models.layers.masked_mean import MaskedMean
from serving.runtimes import onnx_export
from serving.runtimes.onnx_export import export_onnx
from serving.runtimes.onnx_model import OnnxModel


def saved(path: Path, **interaction: bool) -> Path:
    """A model with a pooled list, interactions and a normalization, as rankers have them."""
    import keras
    from keras_rs.layers import DotInteraction

    keras.utils.set_random_seed(3)
    genres = keras.Input((4,), dtype="int32", name="genres")
    price = keras.Input((2,), name="price")
    scale = keras.layers.Normalization()
    scale.adapt(np.random.default_rng(2).normal(3, 5, (100, 2)).astype(np.float32))
    scaled = scale(price)
    mean = MaskedMean()(keras.layers.Embedding(7, 3)(genres), genres)
    vectors = [mean, *(keras.layers.Dense(3)(scaled) for _ in "123")]
    top = keras.ops.concatenate([vectors[1], DotInteraction(**interaction)(vectors)], axis=-1)
    keras.Model({"genres": genres, "price": price}, keras.layers.Dense(1)(top)).save(path)
    return path


@pytest.mark.parametrize("interaction", [{}, {"self_interaction": True}, {"skip_gather": True}])
@pytest.mark.parametrize("widest", [32, 3])  # 3: interactions of 4 and lists of 12 are left as they are
def test_the_same_model_gives_the_same_bytes_and_the_same_scores(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, interaction: dict[str, bool], widest: int
) -> None:
    import keras

    monkeypatch.setattr(onnx_export, "WIDEST", widest)
    source = saved(tmp_path / "model.keras", **interaction)
    for name in ("first", "second"):
        assert export_onnx(source, tmp_path / f"{name}.onnx")
    assert (tmp_path / "first.onnx").read_bytes() == (tmp_path / "second.onnx").read_bytes()
    genres = np.random.default_rng(0).integers(0, 7, (50, 4), np.int32)
    price = np.random.default_rng(1).normal(1, 2, (50, 2)).astype(np.float32)
    expected = keras.saving.load_model(source)({"genres": genres, "price": price})
    found = OnnxModel(tmp_path / "first.onnx", ("price", "genres"), 1)([price, genres])
    np.testing.assert_allclose(found, np.asarray(expected), rtol=1e-5, atol=1e-6)


def test_what_is_converted_holds_no_large_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A conversion makes dozens of copies of what it is given: of 30 MB it took 1.5 GB."""
    import keras
    import tf2onnx.convert

    keras.utils.set_random_seed(4)
    codes = {name: keras.Input((), dtype="int32", name=name) for name in ("user", "item")}
    found = [keras.layers.Embedding(50_000, 4, name=f"of_{name}")(given) for name, given in codes.items()]
    keras.Model(codes, keras.layers.Dot(1)(found)).save(tmp_path / "model.keras")
    sizes, convert = list[int](), tf2onnx.convert.from_graph_def

    def noted(graph: Any, **options: Any) -> Any:
        sizes.append(graph.ByteSize())
        return convert(graph, **options)

    monkeypatch.setattr(tf2onnx.convert, "from_graph_def", noted)
    assert export_onnx(tmp_path / "model.keras", tmp_path / "model.onnx")
    assert sizes[0] < 50_000 < (tmp_path / "model.onnx").stat().st_size / 30
    rows = [np.array([3, 49_999], np.int32), np.array([0, 17], np.int32)]
    expected = keras.saving.load_model(tmp_path / "model.keras")(dict(zip(codes, rows, strict=True)))
    got = OnnxModel(tmp_path / "model.onnx", ("user", "item"), 1)(rows)
    np.testing.assert_allclose(got, np.asarray(expected), rtol=1e-5)


def test_a_table_that_the_conversion_has_changed_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnx_export, "_stand_in", lambda number, layer: np.zeros((2, layer.output_dim), np.float64))
    with pytest.raises(RuntimeError, match="has changed the table of embedding"):
        export_onnx(saved(tmp_path / "model.keras"), tmp_path / "model.onnx")
    assert not (tmp_path / "model.onnx").exists()


def test_a_model_too_large_is_left_to_tensorflow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnx_export, "LARGEST", 10)
    assert not export_onnx(saved(tmp_path / "model.keras"), tmp_path / "model.onnx")
    assert not (tmp_path / "model.onnx").exists()


def test_nodes_come_in_an_order_that_follows_from_what_they_compute() -> None:
    from onnx import TensorProto, helper

    nodes = [
        helper.make_node("Add", ["b", "c"], ["y"]),
        helper.make_node("Neg", ["x"], ["c"]),
        helper.make_node("Dropout", ["clipped", "", ""], ["b", ""]),
        helper.make_node("Clip", ["x", "", "most"], ["clipped"]),
        helper.make_node("Relu", ["x"], ["nobody asks for it"]),
    ]
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["rows"]) for name in ("x", "most", "y")]
    for turned in (nodes, nodes[::-1], nodes[2:] + nodes[:2]):
        graph = helper.make_graph(turned, "any", ends[:2], [ends[2], ends[0]])
        assert [node.op_type for node in onnx_export._ordered(graph)] == ["Clip", "Dropout", "Neg", "Add"]
