from __future__ import annotations

import numpy as np
import pytest

from ops_gpu.primitives.ragged import Ragged
from ops_gpu.schema.column import ColumnSchema
from ops_gpu.schema.schema import Schema
from serving.operators.features.unroll_features import UnrollFeatures


def test_numbers_and_vectors_are_repeated_over_the_candidates() -> None:
    over = Ragged.from_lists([[9, 8], [], [7]], np.int32)
    vector = np.arange(6).reshape(3, 2)
    result = UnrollFeatures(prefix="user_").transform({"candidate_item": over, "age": np.array([1, 2, 3]), "v": vector})
    assert result["user_age"].values.tolist() == [1, 1, 3]  # type: ignore[union-attr]
    assert result["user_v"].values.tolist() == [[0, 1], [0, 1], [4, 5]]  # type: ignore[union-attr]
    assert result["user_v"].offsets.tolist() == [0, 2, 2, 3]  # type: ignore[union-attr]


def test_lists_cannot_be_unrolled() -> None:
    columns = [
        ColumnSchema("candidate_item", "int32", is_list=True),
        ColumnSchema("tags", "int32", is_list=True),
    ]
    with pytest.raises(TypeError, match="list column 'tags'"):
        UnrollFeatures().output_schema(Schema(columns))
