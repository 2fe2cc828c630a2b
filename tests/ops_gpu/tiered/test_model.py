"""A store does what a dict does, whatever is evicted, deleted, closed and opened again meanwhile."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from ops_gpu.tiered import KeyType, RowFormat, TieredStore
from tests.ops_gpu.tiered.stores import HISTORY, VECTOR, as_lists, histories, small, vectors

KEY = st.integers(0, 80)
VALUE = st.integers(1, 500)


class StoreModel(RuleBasedStateMachine):
    """A store beside a dict; room for 8 to 16 of 81 rows in memory."""

    rows: RowFormat
    make: Callable[[Any], dict[str, Any]]
    store: TieredStore

    @initialize(ragged=st.booleans(), text=st.booleans(), middle=st.booleans())
    def begin(self, ragged: bool, text: bool, middle: bool) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.rows, self.make = (HISTORY, histories) if ragged else (VECTOR, vectors)
        self.kind, self.middle = KeyType.BYTES if text else KeyType.INT64, middle
        self.model: dict[int, int] = {}
        self.open()

    def open(self) -> None:
        self.store = small(self.folder / "store", self.kind, self.rows, 2_000, self.middle)

    def keys(self, numbers: list[int]) -> Any:
        if self.kind == KeyType.INT64:
            return np.array(numbers, np.int64) - 40
        return np.array([b"%x" % number**3 for number in numbers] or [b""], "S")[: len(numbers)]

    @rule(rows=st.lists(st.tuples(KEY, VALUE), max_size=30))
    def upsert(self, rows: list[tuple[int, int]]) -> None:
        self.store.upsert(self.keys([key for key, _ in rows]), self.make([value for _, value in rows]))
        self.model.update(rows)

    @rule(keys=st.lists(KEY, max_size=8))
    def delete(self, keys: list[int]) -> None:
        self.store.delete(self.keys(keys))
        for key in keys:
            self.model.pop(key, None)

    @rule(keys=st.lists(KEY, max_size=40))
    def read(self, keys: list[int]) -> None:
        answer = self.store.read(self.keys(keys))
        assert answer.known.tolist() == [key in self.model for key in keys]
        assert not answer.pending.any()
        expected = self.make([self.model.get(key, 0) for key in keys])
        for row, known in enumerate(answer.known):
            if known:
                assert as_lists(answer.columns, row) == as_lists(expected, row)
            else:
                assert not any(map(np.any, as_lists(answer.columns, row).values()))

    @rule()
    def reopen(self) -> None:
        self.store.close()
        self.open()

    @invariant()
    def memory_is_bounded(self) -> None:
        if hasattr(self, "store"):
            assert self.store.tiers[0].nbytes <= 2_000

    def teardown(self) -> None:
        if hasattr(self, "store"):
            self.store.close()
            shutil.rmtree(self.folder)


TestStoreModel = StoreModel.TestCase
TestStoreModel.settings = settings(max_examples=15, stateful_step_count=20)
