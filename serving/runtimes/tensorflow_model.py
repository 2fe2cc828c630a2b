"""A Keras model made ready for many small calls."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

FROZEN_UP_TO = 1 << 30  # bytes of weights; a frozen graph is one message of at most 2 GB

Array = npt.NDArray[Any]


class TensorflowModel:
    """A Keras model as one TensorFlow graph over any number of rows.

    The model is traced once, its weights become constants, and the graph is called directly: on a query
    tower 0.06 ms a call, where calling the `tf.function` takes 0.35 ms, nearly all of it Python.

    Args:
        path: the `.keras` file; loaded in safe mode, which refuses code in it.
        inputs: names of its inputs in the order in which arrays will be given.
        threads: threads of one call.

    Raises:
        ValueError: when the model has other inputs, or holds code.
    """

    def __init__(self, path: Path, inputs: Sequence[str], threads: int) -> None:
        import tensorflow as tf

        model = _loaded(path, inputs)
        tensors = [next(tensor for tensor in model.inputs if tensor.name == name) for name in inputs]
        self._dtypes = [np.dtype(tensor.dtype) for tensor in tensors]
        self._shapes = [(-1, *tensor.shape[1:]) for tensor in tensors]
        signature = [tf.TensorSpec((None, *tensor.shape[1:]), tensor.dtype) for tensor in tensors]
        function = tf.function(lambda *given: model(dict(zip(inputs, given, strict=True)), training=False))
        concrete = function.get_concrete_function(*signature)
        weights = sum(int(np.prod(weight.shape)) * 4 for weight in model.weights)
        frozen = weights <= FROZEN_UP_TO
        # TensorFlow complains when its objects are left to the end of the interpreter: they go before.
        self._calls = [_frozen(concrete, threads) if frozen else _eager(concrete, model)]
        weakref.finalize(self, self._calls.clear)

    def __call__(self, arrays: Sequence[Array]) -> npt.NDArray[np.float32]:
        """Output for arrays `[n, ...]` in the order of `inputs`; float32 `[n, ...]`."""
        given = [
            array.reshape(shape).astype(dtype, copy=False)
            for array, dtype, shape in zip(arrays, self._dtypes, self._shapes, strict=True)
        ]
        return np.asarray(self._calls[0](*given), np.float32)


def _loaded(path: Path, inputs: Sequence[str]) -> Any:
    import keras
    import keras_rs.layers  # noqa: F401 - registers its layers under their names

    import ops_gpu.models.layers.masked_mean  # noqa: F401 - as keras_rs does

    model = keras.saving.load_model(path, compile=False, safe_mode=True)
    names = {tensor.name for tensor in model.inputs}
    if names != set(inputs):
        raise ValueError(
            f"The model {path.name} has the inputs {sorted(names)}, but the ensemble gives it "
            f"{sorted(inputs)}; build the release from one schema."
        )
    return model


def _frozen(concrete: Any, threads: int) -> Callable[..., Array]:
    """The graph with its weights inside, in a session of its own with its own threads."""
    import tensorflow as tf
    from tensorflow.core.protobuf import config_pb2
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    frozen = convert_variables_to_constants_v2(concrete)
    options = tf.compat.v1.ConfigProto(
        intra_op_parallelism_threads=threads,
        inter_op_parallelism_threads=threads,
        use_per_session_threads=True,
    )
    session = tf.compat.v1.Session(graph=frozen.graph, config=options)
    ends = config_pb2.CallableOptions(
        feed=[t.name for t in frozen.inputs],
        fetch=[frozen.outputs[0].name],
        # In the caller's thread: waking another one costs more than a small model does.
        run_options=config_pb2.RunOptions(inter_op_thread_pool=-1),
    )
    # The public `Session.run` spends 0.25 ms on looking names up, each time anew.
    run = session._make_callable_from_options(ends)
    return lambda *arrays: run(*arrays)[0]


def _eager(concrete: Any, model: Any) -> Callable[..., Array]:
    """The traced function as it is, for models too large to be frozen."""
    import tensorflow as tf

    concrete.owner = model  # owns the variables that the function reads
    return lambda *arrays: concrete(*(tf.constant(array) for array in arrays)).numpy()
