from __future__ import annotations

import numpy as np
import pytest

from ops_gpu.primitives.ragged import Ragged
from serving.ensemble.ensemble import EnsembleAnswer
from serving.operators.base import STAGES
from serving.triton.tensors.dlpack import Array
from serving.triton.tensors.request_tensors import to_wire

HASH = np.frombuffer(b"a" * 64, np.uint8)


def sent(lengths: list[int], k: list[int], read_only: bool = False) -> dict[str, Array]:
    items = Ragged.from_lengths(np.arange(sum(lengths)), np.array(lengths))
    score = np.arange(sum(lengths), dtype=np.float32)
    if read_only:
        items.values.flags.writeable = score.flags.writeable = False
    columns = {"item_id": items, "score": items.with_values(score), "source": items.with_values(score.astype(np.uint8))}
    return to_wire(
        EnsembleAnswer(dict(columns), dict.fromkeys(STAGES, 0.0)), slice(0, len(k)), np.array(k, np.int32), HASH
    )


@pytest.mark.parametrize("read_only", [False, True])
def test_full_lists_are_given_as_they_lie_and_may_be_given_away(read_only: bool) -> None:
    tensors = sent([2, 2], [2, 2], read_only)
    assert tensors["item_id"].tolist() == [[0, 1], [2, 3]]
    assert all(tensor.flags.writeable for tensor in tensors.values())
    assert tensors["item_id"].__dlpack__() is not None


def test_lists_of_other_lengths_never_run_into_each_other() -> None:
    assert sent([3, 1], [2, 2])["item_id"].tolist() == [[0, 1], [3, -1]]
    assert sent([0, 2], [1, 1])["item_id"].tolist() == [[-1], [0]]
    np.testing.assert_array_equal(sent([1], [3])["score"], [[0, np.nan, np.nan]])
