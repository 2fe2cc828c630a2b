"""A scikit-learn model as ONNX, the form in which `PredictForest` serves it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ops_gpu.primitives.atomic_file import atomic_file

OPSET = 18


def export_sklearn(model: Any, features: int, target: Path) -> None:
    """Converts a fitted model over a float32 matrix of any number of rows; a classifier gives its probabilities.

    Needs skl2onnx (the extra `forests`); what serves the file does not.

    Args:
        model: a fitted regressor or classifier, or a pipeline that ends in one.
        features: columns of its matrix.
        target: the `.onnx` file to write: aside first, then renamed.

    Raises:
        ValueError: when it is of a kind that cannot be converted, or takes another number of features.

    Example:
        >>> from sklearn.ensemble import RandomForestRegressor
        >>> model = RandomForestRegressor(5).fit(vectors, vectors[:, 0])
        >>> export_sklearn(model, 16, Path("model.onnx"))
    """
    from skl2onnx import to_onnx
    from skl2onnx.common.data_types import FloatTensorType

    known = getattr(model, "n_features_in_", features)
    if known != features:
        raise ValueError(f"The model was fitted on {known} features, and {features} are named.")
    options = {"zipmap": False} if hasattr(model, "predict_proba") else None
    try:
        proto = to_onnx(
            model, initial_types=[("features", FloatTensorType([None, features]))], options=options, target_opset=OPSET
        )
    except Exception as error:  # a class of its own for each of a dozen reasons
        raise ValueError(f"{type(model).__name__} cannot be written as {target.name}: {error}") from error
    with atomic_file(target) as aside:
        aside.write_bytes(proto.SerializeToString(deterministic=True))
