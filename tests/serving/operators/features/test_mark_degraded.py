from __future__ import annotations

import numpy as np

from ops_gpu.candidates.candidates import BITS, DEGRADED, FALLBACK
from ops_gpu.primitives.ragged import Ragged
from serving.operators.features.mark_degraded import MarkDegraded


def test_only_the_lists_of_degraded_users_are_marked() -> None:
    source = Ragged.from_lists([[1, 2], [], [130], [8]], np.uint8)
    columns = {"source": source, "degraded": np.array([False, True, True, False])}
    marked = MarkDegraded().transform(columns)["source"]
    assert isinstance(marked, Ragged) and marked.values.dtype == np.uint8
    assert [marked[row].tolist() for row in range(4)] == [[1, 2], [], [130 | DEGRADED], [8]]
    assert source.values.tolist() == [1, 2, 130, 8], "what was given is left as it is"
    healthy = MarkDegraded().transform({**columns, "degraded": np.zeros(4, np.bool_)})["source"]
    assert healthy is source


def test_its_bit_is_no_other() -> None:
    assert DEGRADED & (FALLBACK | sum(BITS.values())) == 0
