"""What an operator's library takes when it is asked through its own front door, by somebody who has nothing of ours."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from ops_gpu.candidates.nearest import SPARE
from serving.operators.features.query_feast import QueryFeast
from serving.operators.retrieval.query_faiss import QueryFaiss
from serving.operators.scoring.predict_tensorflow import PredictTensorflow
from serving.release.release import Release


class LibraryCalls:
    """Makes the call of an operator: Keras through `tf.function`, Feast's `get_online_features`, Faiss' `search`.

    Args:
        release: which the operators are bound to.
    """

    def __init__(self, release: Release) -> None:
        self._release = release
        self._keras, self._feast = cache(self._traced), cache(self._opened)

    def __call__(self, operator: Any, columns: dict[str, Any]) -> Callable[[], Any] | None:
        """The call for the columns of a batch; None for an operator without a library."""
        if isinstance(operator, QueryFaiss):
            vectors = np.ascontiguousarray(columns[operator.vector])
            return lambda: operator._index.index.search(vectors, SPARE * operator.size)
        if isinstance(operator, PredictTensorflow):
            model, shapes = self._keras(operator.model)
            given = {name: getattr(columns[name], "values", columns[name]) for name in operator.inputs}
            rows = {name: given[name].reshape(shape).astype(dtype) for name, (shape, dtype) in shapes.items()}
            return lambda: model(rows).numpy()
        if isinstance(operator, QueryFeast):
            store = self._feast(operator.repository)
            features = [f"{operator.view}:{name}" for name in operator.columns.names]
            users = (user.decode() if isinstance(user, bytes) else user for user in columns["user_id"].tolist())
            rows = [{"user_id": user} for user in users]
            return lambda: store.get_online_features(features=features, entity_rows=rows).to_dict()
        return None

    def _traced(self, part: str) -> tuple[Any, dict[str, tuple[tuple[int, ...], str]]]:
        import keras
        import keras_rs.layers  # noqa: F401 - registers its layers under their names
        import tensorflow as tf

        import ops_gpu.models.layers.masked_mean  # noqa: F401 - as keras_rs does

        model = keras.saving.load_model(self._release.part(part), compile=False, safe_mode=True)
        shapes = {tensor.name: ((-1, *tensor.shape[1:]), tensor.dtype) for tensor in model.inputs}
        signature = {tensor.name: tf.TensorSpec((None, *tensor.shape[1:]), tensor.dtype) for tensor in model.inputs}
        return tf.function(lambda given: model(given, training=False), input_signature=[signature]), shapes

    def _opened(self, repository: str) -> Any:
        from feast import FeatureStore

        return FeatureStore(repo_path=str(self._release.outside(repository)))
