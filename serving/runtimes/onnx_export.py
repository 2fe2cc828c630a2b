"""A Keras model as ONNX: what a small program without TensorFlow can run."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

OPSET = 18
ROWS = 2
"""Of the tables that stand in for others."""
WIDEST = 32
"""Vectors of an interaction, up to which the zeros and ones that pick its pairs (2 MB) save more than they take; for
lists, the square of it is the number of values."""
LARGEST = 1 << 30  # bytes of weights; an ONNX file is one message of at most 2 GB


def export_onnx(source: Path, target: Path) -> bool:
    """Converts a `.keras` file (read in safe mode) with the inputs by name and one output.

    The same model gives the same bytes, whatever was converted before. Codes are taken to be at least 0:
    what Keras does for negative places of an embedding costs a third of a ranker's time and is left out.

    Args:
        source: the `.keras` file.
        target: the `.onnx` file to write.

    Returns:
        False, and nothing written, for models too large for ONNX: serve these by TensorFlow.
    """
    import keras
    import keras_rs.layers  # noqa: F401 - registers its layers under their names
    import tensorflow as tf
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2
    from tf2onnx.convert import from_graph_def

    import ops_gpu.models.layers.masked_mean  # noqa: F401 - as keras_rs does

    model = keras.saving.load_model(source, compile=False, safe_mode=True)
    if sum(math.prod(weight.shape) * tf.as_dtype(weight.dtype).size for weight in model.weights) > LARGEST:
        return False
    plain = keras.models.clone_model(model, clone_function=_plain)
    tables = {layer.name: layer for layer in _tables(model)}
    stands = {name: _stand_in(number, layer) for number, (name, layer) in enumerate(sorted(tables.items()))}
    for name, stand in stands.items():
        plain.get_layer(name).set_weights([stand])
    names = [tensor.name for tensor in model.inputs]
    signature = [tf.TensorSpec(tensor.shape, tensor.dtype) for tensor in model.inputs]
    function = tf.function(lambda *given: plain(dict(zip(names, given, strict=True)), training=False))
    frozen = convert_variables_to_constants_v2(function.get_concrete_function(*signature))
    taken, given = ([tensor.name for tensor in ends] for ends in (frozen.inputs, frozen.outputs))
    proto, _ = from_graph_def(frozen.graph.as_graph_def(), input_names=taken, output_names=given, opset=OPSET)
    _put_tables(proto.graph, {stands[name].tobytes(): layer for name, layer in tables.items()})
    target.write_bytes(_renamed(proto, dict(zip(taken, names, strict=True))).SerializeToString(deterministic=True))
    return True


def _tables(model: Any) -> list[Any]:
    import keras

    return [layer for layer in model.layers if isinstance(layer, keras.layers.Embedding)]


def _stand_in(number: int, layer: Any) -> npt.NDArray[np.float32]:
    """A table of two rows like no other, in the place of a large one, of which a conversion makes dozens of copies."""
    random = np.random.default_rng((20, number))
    return random.standard_normal((ROWS, layer.output_dim), np.float32)


def _put_tables(graph: Any, tables: Mapping[bytes, Any]) -> None:
    """Puts the tables of layers where their stand-ins are.

    Raises:
        RuntimeError: when a stand-in is not there any more: the graph would answer with it.
    """
    found = set[bytes]()
    for value in graph.initializer:
        layer = tables.get(value.raw_data)
        if layer is not None:
            found.add(value.raw_data)
            [table] = layer.get_weights()
            value.dims[:] = table.shape
            value.raw_data = np.ascontiguousarray(table, np.float32).tobytes()
    lost = [layer.name for stand, layer in tables.items() if stand not in found]
    if lost:
        raise RuntimeError(
            f"the conversion to ONNX has changed the table of {lost[0]}, expected it as it was; name a model whose "
            "embeddings are looked up and nothing else."
        )


def _plain(layer: Any) -> Any:
    """The layer itself, or one that computes the same in operations that ONNX Runtime is fast at.

    An embedding looks its codes up and does nothing else. Pairs of an interaction are picked, and vectors of a list
    added up, by a product with zeros and ones: that takes a fraction of the time of picking columns or of summing
    over the middle of an array.
    """
    import keras
    import keras_rs.layers
    import tensorflow as tf

    from ops_gpu.models.layers.masked_mean import MaskedMean

    class EmbeddingLookup(keras.layers.Embedding):  # type: ignore[misc]
        def call(self, inputs: Any) -> Any:
            return tf.gather(self.embeddings, inputs)

    class Interaction(keras_rs.layers.DotInteraction):  # type: ignore[misc]
        def call(self, inputs: Any) -> Any:
            count = len(inputs)
            if self.skip_gather or count > WIDEST:
                return super().call(inputs)
            vectors = tf.reshape(tf.concat(inputs, axis=1), [-1, count, inputs[0].shape[1]])
            pairs = [row * count + column for row in range(count) for column in range(row + self.self_interaction)]
            products = tf.reshape(tf.matmul(vectors, vectors, transpose_b=True), [-1, count * count])
            return tf.matmul(products, tf.one_hot(pairs, count * count, axis=0))

    class Mean(MaskedMean):
        def call(self, vectors: Any, codes: Any) -> Any:
            length, width = vectors.shape[1:]
            if length * width > WIDEST**2:
                return super().call(vectors, codes)
            counted = tf.cast(tf.minimum(codes, 1), tf.float32)
            flat = tf.reshape(vectors * tf.expand_dims(counted, -1), [-1, length * width])
            total = tf.matmul(flat, tf.tile(tf.eye(width), [length, 1]))
            return total / tf.maximum(tf.matmul(counted, tf.ones([length, 1])), 1.0)

    faster = (
        (keras.layers.Embedding, EmbeddingLookup),
        (keras_rs.layers.DotInteraction, Interaction),
        (MaskedMean, Mean),
    )
    kept = {"input_dim": ROWS} if isinstance(layer, keras.layers.Embedding) else {}
    return next(
        (mine.from_config(layer.get_config() | kept) for kind, mine in faster if isinstance(layer, kind)), layer
    )


def _renamed(proto: Any, inputs: dict[str, str]) -> Any:
    """The graph with its inputs renamed, all within by position, and its nodes in an order that follows from what they
    compute: the converter counts names from the start of the process, and orders nodes by chance.
    """
    graph = proto.graph
    nodes = _ordered(graph)
    del graph.node[:]
    graph.node.extend(nodes)
    names = inputs | {"": ""}

    def name(old: str) -> str:
        return names.setdefault(old, f"t{len(names)}")

    for position, node in enumerate(graph.node):
        node.name = f"n{position}"
        node.input[:] = [name(old) for old in node.input]
        node.output[:] = [name(old) for old in node.output]
    for value in (*graph.initializer, *graph.input, *graph.output):
        value.name = name(value.name)
    for value in (*graph.input, *graph.output):
        value.type.tensor_type.shape.dim[0].dim_param = "rows"
    ordered = sorted(graph.initializer, key=lambda value: int(value.name[1:]))
    del graph.initializer[:], graph.value_info[:]
    graph.initializer.extend(ordered)
    graph.name, graph.doc_string = "model", ""
    return proto


def _ordered(graph: Any) -> list[Any]:
    """Each node after those whose results it takes, beginning at the outputs; what no output needs is left out."""
    makers = {name: place for place, node in enumerate(graph.node) for name in node.output if name}
    found: dict[int, Any] = {}
    waiting = [makers[value.name] for value in reversed(graph.output) if value.name in makers]
    while waiting:
        node = graph.node[waiting[-1]]
        before = [makers[name] for name in node.input if name in makers and makers[name] not in found]
        if before:
            waiting.extend(reversed(before))
        else:
            found[waiting.pop()] = node
    return list(found.values())
