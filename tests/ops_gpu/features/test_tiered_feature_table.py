from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ops_gpu.features.feature_table import FeatureTable
from ops_gpu.features.tiered_feature_table import StoredFeatureTable, feature_table, write_feature_table

SIZE = 150_000
MEMORY = 8 << 20


@pytest.fixture(scope="module")
def table() -> FeatureTable:
    random = np.random.default_rng(0)
    return FeatureTable(
        {
            "item_id": np.arange(SIZE, dtype=np.int32),
            "genres": random.integers(0, 99, (SIZE, 3)).astype(np.int32),
            "price": random.normal(size=SIZE).astype(np.float32),
            "text": random.normal(size=(SIZE, 8)).astype(np.float32),
        },
        SIZE,
    )


@pytest.fixture(scope="module")
def stored(table: FeatureTable, tmp_path_factory: pytest.TempPathFactory) -> StoredFeatureTable:
    folder = tmp_path_factory.mktemp("table") / "items"
    StoredFeatureTable.write(table, folder, MEMORY)
    found = feature_table(folder)
    assert isinstance(found, StoredFeatureTable)
    return found


def test_rows_are_those_of_the_table_bit_for_bit(table: FeatureTable, stored: StoredFeatureTable) -> None:
    assert stored.names == table.names and stored.size == SIZE
    random = np.random.default_rng(1)
    for size in (0, 1, 7, 5_000, 5_000):
        codes = random.integers(0, SIZE, size).astype(np.int32)
        mine, its = stored.take(codes), table.take(codes)
        assert list(mine) == list(its)
        for name, values in its.items():
            assert mine[name].dtype == values.dtype and mine[name].flags.c_contiguous
            assert mine[name].tobytes() == values.tobytes() and mine[name].shape == values.shape
    assert stored.metrics.found["memory"] > 0 and stored.metrics.found["disk"] > 0


def test_some_columns(table: FeatureTable, stored: StoredFeatureTable) -> None:
    codes = np.array([3, 5])
    for some in (table.select(["price", "genres"]), stored.select(["price", "genres"])):
        assert list(some.names) == list(some.take(codes)) == ["price", "genres"]


def test_a_whole_column(table: FeatureTable, stored: StoredFeatureTable) -> None:
    np.testing.assert_array_equal(stored.column("text"), table.column("text"))


@pytest.mark.parametrize("code", [-1, SIZE])
def test_a_code_that_is_not_there(stored: StoredFeatureTable, code: int) -> None:
    with pytest.raises(IndexError, match=f"no row of code {code}"):
        stored.take(np.array([1, code]))


def test_size_decides(table: FeatureTable, tmp_path: Path) -> None:
    size = sum(values.nbytes for values in table.columns.values())
    write_feature_table(table, tmp_path / "fits", size)
    write_feature_table(table, tmp_path / "does not", size - 1)
    assert isinstance(feature_table(tmp_path / "fits"), FeatureTable)
    assert isinstance(feature_table(tmp_path / "does not"), StoredFeatureTable)
