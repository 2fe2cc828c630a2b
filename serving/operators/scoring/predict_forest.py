"""PredictForest: a model of trees inside an ensemble."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ops_gpu.schema.column import ColumnSchema
from ops_gpu.schema.schema import Schema
from serving.operators.base import Need
from serving.operators.filtering.condition_types import NUMBERS
from serving.operators.scoring.predict import Array, Predict
from serving.request.null_values import is_null
from serving.runtimes.forests import FORESTS, Forest

if TYPE_CHECKING:
    from serving.release.release import Release


@dataclass
class PredictForest(Predict):
    """Calls a tree ensemble on its features, joined in order to one float32 matrix; NaN is a missing value.

    XGBoost and LightGBM run in their own libraries (the extra `forests`), from their own formats; what scikit-learn
    fits runs in ONNX Runtime, written by `serving.runtimes.sklearn_export`. Merlin Systems' operator of this name
    needed treelite and took pickles; none of these formats can hold code.

    Args:
        model: relative path in the release: `.json` or `.ubj` (XGBoost), `.txt` (LightGBM) or `.onnx`.
        inputs: schema of the features, each a column of its name, in the model's order, as `Schema.to_dict` writes
            it; a vector has its length as property `width`. `input_schema` in Merlin Systems.
        output: name of the column given.
        width: classes of a classifier whose probabilities are wanted, as a vector; 0 for one number a row: of a
            regressor or ranker its value, of a classifier with two classes the probability of the second.
        lists: as in `Predict`, and so are `timed_as` and `threads`.

    Raises:
        ValueError: for another suffix, no input, or one that is no number; by `bind`, when the model has another
            number of features, features of other names, or another output; names both.
        ImportError: by `bind`, when the library that runs the model is not installed.

    Example:
        >>> features = Schema([ColumnSchema("age", "float32"), ColumnSchema("price", "float32")])
        >>> scored = beside >> PredictForest("ranker/model.ubj", features.to_dict(), "candidate_score", lists=True)
    """

    model: str
    inputs: Mapping[str, Any]
    output: str
    width: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        self._inputs = Schema.from_dict(self.inputs)
        if Path(self.model).suffix not in FORESTS:
            raise ValueError(
                f"{self.name} reads {', '.join(FORESTS)}, got {self.model!r}; save the model as one of these."
            )
        wrong = [f"{column.name!r} is {column.dtype}" for column in self._inputs if column.dtype not in NUMBERS]
        if wrong or not len(self._inputs):
            raise ValueError(f"{self.name} of {self.model} takes numbers; {wrong[0] if wrong else 'name its inputs'}.")

    @property
    def takes(self) -> Sequence[Need]:
        return [Need(column.name, (column.dtype,), self.lists) for column in self._inputs]

    @property
    def gives(self) -> Schema:
        return Schema([ColumnSchema(self.output, "float32", properties={"width": self.width} if self.width else {})])

    def bind(self, release: Release) -> None:
        path = release.part(self.model)
        try:
            self._forest: Forest = FORESTS[path.suffix](path, self.threads)
        except ImportError as error:
            raise ImportError(
                f"{self.name} needs {error.name} for {self.model}; install the extra `forests`."
            ) from error
        widths = [int(column.properties.get("width", 0)) or 1 for column in self._inputs]
        if self._forest.features not in (None, sum(widths)):
            raise ValueError(
                f"{self.model} takes {self._forest.features} features, but {self.name} gives it {sum(widths)}: "
                f"{', '.join(self._inputs.names)}; build ensemble and model from one schema."
            )
        names = self._forest.names
        if names is not None and max(widths) == 1 and list(names) != self._inputs.names:
            raise ValueError(
                f"{self.model} was fitted on the features {', '.join(names)}, but {self.name} gives it "
                f"{', '.join(self._inputs.names)}; name the columns alike, in one order."
            )
        self._check_output(self._forest(np.zeros((1, sum(widths)), np.float32)))

    def predict(self, arrays: Sequence[Array]) -> Sequence[Array]:
        numbers = [np.where(is_null(a), np.nan, a) if a.dtype == np.int64 and a.ndim == 1 else a for a in arrays]
        parts = [array[:, None] if array.ndim == 1 else array for array in numbers]
        matrix = np.concatenate(parts, axis=1, dtype=np.float32)
        if len(matrix) == 0:
            return [np.zeros((0, max(1, self.width)), np.float32)]
        return [self._wanted(self._forest(matrix))]

    def _wanted(self, found: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """The probability of the second class where there are two and one number is wanted."""
        return found[:, 1] if not self.width and found.shape[1:] == (2,) else found

    def _check_output(self, found: npt.NDArray[Any]) -> None:
        size = self._wanted(found).size
        if size != max(1, self.width):
            raise ValueError(
                f"{self.name} was told that {self.model} gives {max(1, self.width)} numbers a row, it gives {size}; "
                f"set width={size}, or save another model."
            )
