"""LookupItems gives the same whether item features lie in memory or in a store."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from ops_gpu.features.feature_table import FeatureTable
from ops_gpu.features.tiered_feature_table import StoredFeatureTable, write_feature_table
from ops_gpu.primitives.ragged import Ragged
from ops_gpu.schema.column import ColumnSchema
from ops_gpu.schema.schema import Schema
from serving.operators.features.lookup_items import LookupItems
from serving.operators.ordering.greedy_ordering import item_column
from serving.release.manifest import ReleaseMetadata
from serving.release.release import Release

SIZE = 120_000
WANTED = Schema(
    [ColumnSchema("price", "float32"), ColumnSchema("genres", "int32", is_list=True), ColumnSchema("item_id", "int32")]
)
TABLE = FeatureTable(
    {
        "item_id": np.arange(SIZE, dtype=np.int32),
        "genres": np.random.default_rng(0).integers(0, 99, (SIZE, 4)).astype(np.int32),
        "left_out": np.zeros(SIZE, np.float32),
        "price": np.random.default_rng(1).normal(size=SIZE).astype(np.float32),
        "text": np.random.default_rng(2).normal(size=(SIZE, 16)).astype(np.float32),
    },
    SIZE,
)


def release(root: Path, memory_bytes: int) -> Release:
    parts = root / "parts"
    parts.mkdir(parents=True)
    (parts / "ensemble.json").write_text("{}")
    write_feature_table(TABLE, parts / "item_features", memory_bytes)
    return Release.write(parts, root / "releases", "demo", ReleaseMetadata())


@pytest.fixture(scope="module")
def releases(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Release]:
    root = tmp_path_factory.mktemp("lookup")
    return {"memory": release(root / "memory", 1 << 30), "store": release(root / "store", 8 << 20)}


@pytest.fixture(scope="module")
def bound(releases: dict[str, Release]) -> dict[str, LookupItems]:
    operators = {name: LookupItems(WANTED.to_dict()) for name in releases}
    for name, operator in operators.items():
        operator.bind(releases[name])
    return operators


def test_the_answers_are_equal_bit_for_bit(bound: dict[str, LookupItems]) -> None:
    random = np.random.default_rng(3)
    for lengths in ([0], [1], [100], [3, 0, 500, 17], [2_000, 2_000]):
        codes = (random.zipf(1.2, sum(lengths)) % SIZE).astype(np.int32)
        columns = {"candidate_item": Ragged.from_lengths(codes, np.array(lengths))}
        memory, store = (bound[name].transform(columns) for name in ("memory", "store"))
        assert list(memory) == list(store) == WANTED.names
        for name, column in memory.items():
            other = store[name]
            assert isinstance(column, Ragged) and isinstance(other, Ragged)
            assert other.values.dtype == column.values.dtype and other.values.shape == column.values.shape
            assert other.values.tobytes() == column.values.tobytes()
            np.testing.assert_array_equal(other.offsets, column.offsets)


def test_hit_rates_are_told(bound: dict[str, LookupItems]) -> None:
    codes = Ragged.from_lists([[7, 8, 9]], np.int32)
    for _ in range(3):
        bound["store"].transform({"candidate_item": codes})
    metrics = bound["store"].store_metrics()
    assert metrics is not None and metrics.found["memory"] >= 6 and metrics.found["disk"] > 0
    assert bound["memory"].store_metrics() is None


def test_orderings_read_a_column_of_either(releases: dict[str, Release]) -> None:
    columns = [item_column(releases[name], "item_features", "price") for name in ("memory", "store")]
    assert columns[0].tobytes() == columns[1].tobytes()
    with pytest.raises(ValueError, match="no column 'weight'"):
        item_column(releases["store"], "item_features", "weight")


def test_a_missing_column_is_named(releases: dict[str, Release]) -> None:
    for made in releases.values():
        with pytest.raises(ValueError, match="no column 'weight'"):
            LookupItems(Schema([ColumnSchema("weight")]).to_dict()).bind(made)


def test_serving_from_a_store_leaves_the_release_as_it_is(
    bound: dict[str, LookupItems], releases: dict[str, Release]
) -> None:
    assert isinstance(bound["store"]._table, StoredFeatureTable)
    again = Release.open(releases["store"].path)
    assert again.hash == releases["store"].hash, "checked with all its checksums"
    told = json.loads((again.path / "item_features/stored_table.json").read_text())
    assert told == {"memory_bytes": 8 << 20, "size": SIZE}


def test_a_damaged_store_is_refused_with_the_release(tmp_path: Path) -> None:
    made = release(tmp_path, 8 << 20)
    file = next(made.path.rglob("*.sst"))
    data = bytearray(file.read_bytes())
    data[1000] ^= 1
    file.chmod(0o644)
    file.write_bytes(data)
    with pytest.raises(ValueError, match=rf"{file.name} is damaged"):
        Release.open(made.path)
