from __future__ import annotations

from itertools import chain
from pathlib import Path
from threading import active_count
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ops_gpu.models.training.loader import Batch, Loader
from ops_gpu.primitives.ragged import Ragged

COLUMNS = ["row", "half", "list"]


def write(folder: Path, sizes: list[int], groups: int = 10) -> list[Path]:
    """Files of these many rows, numbered through; `list` holds the row's number as often as its last digit says."""
    files, first = [], 0
    for number, size in enumerate(sizes):
        rows = list(range(first, first + size))
        frame = pl.DataFrame(
            {
                "row": pl.Series(rows, dtype=pl.Int64),
                "half": pl.Series([row / 2 for row in rows], dtype=pl.Float64),
                "list": pl.Series([[row] * (row % 10) for row in rows], dtype=pl.List(pl.Int32)),
                "label": pl.Series([row % 3 == 0 for row in rows], dtype=pl.Boolean),
            }
        )
        files.append(folder / f"{number}.parquet")
        frame.write_parquet(files[-1], row_group_size=groups)
        first += size
    return files


def rows(batch: Batch) -> list[int]:
    values = batch["row"]
    assert isinstance(values, np.ndarray)
    return [int(row) for row in values]


def epoch(loader: Loader) -> list[list[int]]:
    return [rows(batch) for batch in loader]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return write(tmp_path_factory.mktemp("rows"), [37, 0, 5, 100, 1, 60])


@given(
    sizes=st.lists(st.integers(0, 30), min_size=1, max_size=6),
    batch=st.integers(1, 40),
    buffer=st.integers(1, 80),
    ranks=st.integers(1, 3),
    shuffle=st.booleans(),
)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_ranks_share_the_rows_in_steps_of_one_size(
    sizes: list[int], batch: int, buffer: int, ranks: int, shuffle: bool, tmp_path: Path
) -> None:
    every = sum(sizes)
    files = write(tmp_path, sizes, groups=7)
    if every < ranks:
        with pytest.raises(ValueError, match=f"there are {every} training rows"):
            Loader(files, COLUMNS, batch, ranks=ranks)
        return
    loaders = [
        Loader(files, COLUMNS, batch, shuffle=shuffle, buffer_rows=buffer, rank=rank, ranks=ranks)
        for rank in range(ranks)
    ]
    found = [epoch(loader) for loader in loaders]
    assert {(len(one), *{len(part) for part in one}) for one in found} == {(len(loaders[0]), loaders[0].size)}
    seen = list(chain(*chain(*found)))
    assert len(seen) == len(set(seen)) <= every < len(seen) + ranks * (len(loaders[0]) + 1)
    assert loaders[0].size <= batch
    if not shuffle and ranks == 1:
        assert seen == list(range(len(seen)))


def test_all_columns_of_a_row_stay_together(files: list[Path]) -> None:
    for batch in Loader(files, COLUMNS, 16, buffer_rows=50):
        half, lists = batch["half"], batch["list"]
        assert isinstance(half, np.ndarray) and isinstance(lists, Ragged)
        assert half.dtype == np.float32 and lists.values.dtype == np.int32
        assert (half * 2).tolist() == rows(batch)
        assert [lists[place].tolist() for place in range(len(lists))] == [[row] * (row % 10) for row in rows(batch)]


def test_the_order_depends_on_seed_and_epoch_alone(files: list[Path]) -> None:
    orders: list[Any] = []
    for seed, threads in ((0, 1), (0, 3), (1, 1)):
        loader = Loader(files, COLUMNS, 16, seed=seed, threads=threads, buffer_rows=40)
        orders.append((epoch(loader), epoch(loader)))
        assert loader.state() == {"epoch": 2, "step": 0}
    assert orders[0] == orders[1] != orders[2]
    assert orders[0][0] != orders[0][1]


@pytest.mark.parametrize("done", [0, 1, 5, 12])
def test_it_goes_on_exactly_where_it_stood(files: list[Path], done: int) -> None:
    def loader() -> Loader:
        return Loader(files, COLUMNS, 16, buffer_rows=30)

    whole = loader()
    expected = epoch(whole) + epoch(whole)
    first = loader()
    begun = [rows(batch) for batch, _ in zip(first, range(done), strict=False)] if done else []
    assert begun == expected[: len(begun)]
    later = loader()
    later.resume({"epoch": 0, "step": len(begun)})
    assert epoch(later) + epoch(later) == expected[len(begun) :]


def test_it_stands_after_every_batch_where_another_one_goes_on(files: list[Path]) -> None:
    loader, other = (Loader(files, COLUMNS, 16, buffer_rows=30) for _ in range(2))
    batches = iter(loader)
    for number in range(1, len(loader) + 1):
        next(batches)
        assert loader.state() == ({"epoch": 0, "step": number} if number < len(loader) else {"epoch": 1, "step": 0})
    other.resume({"epoch": 0, "step": len(other)})
    assert other.state() == loader.state()
    assert epoch(other) == epoch(loader)


def test_who_stops_in_the_middle_leaves_no_thread(files: list[Path]) -> None:
    before = active_count()
    batches = iter(Loader(files, COLUMNS, 4, buffer_rows=5, threads=3))
    next(batches)
    assert active_count() > before
    batches.close()  # type: ignore[attr-defined]
    assert active_count() == before


def test_a_file_that_is_written_anew_meanwhile_is_told(tmp_path: Path) -> None:
    files = write(tmp_path, [20, 20, 20])
    loader = Loader(files, COLUMNS, 4, buffer_rows=10)
    assert len(epoch(loader)) == 15
    write(tmp_path, [20, 3, 20])
    with pytest.raises(ValueError, match=r"rows were read of .*, expected 10 .*a file was written anew meanwhile"):
        epoch(loader)


def test_a_transform_gives_as_many_rows(files: list[Path]) -> None:
    with pytest.raises(ValueError, match="`transform` gave 3 rows for"):
        epoch(Loader(files, COLUMNS, 4, transform=lambda frame: frame.head(3)))


def test_what_fills_no_batch_comes_in_another_epoch(files: list[Path]) -> None:
    loader, seen = Loader(files, COLUMNS, 16, buffer_rows=40), set[int]()
    assert loader.size * len(loader) < loader.rows == 203
    for _ in range(6):
        seen |= set(chain(*epoch(loader)))
    assert seen == set(range(203))


def test_some_rows_alone_and_a_transform_on_the_way(files: list[Path]) -> None:
    def doubled(frame: pl.DataFrame) -> pl.DataFrame:
        return frame.with_columns(pl.col("row") * 2)

    loader = Loader(files, ["row"], 10, where=pl.col("label"), transform=doubled, buffer_rows=20, ranks=2, rank=1)
    other = Loader(files, ["row"], 10, where=pl.col("label"), transform=doubled, buffer_rows=20, ranks=2)
    assert loader.rows == 68 and loader.columns == ["row"]
    seen = sorted(chain(*epoch(loader), *epoch(other)))
    assert len(set(seen)) == len(seen) >= 60 and all(row % 6 == 0 for row in seen)


@pytest.mark.parametrize(("buffer", "distance", "correlation"), [(100_000, 0.98, 0.02), (8_000, 0.9, 0.15)])
def test_how_well_it_shuffles(tmp_path: Path, buffer: int, distance: float, correlation: float) -> None:
    """Beside a perfect shuffle: neighbours are a third of the rows apart, and places say nothing of the order."""
    count = 40_000
    files = write(tmp_path, [count // 40] * 40, groups=1000)
    found = np.array(list(chain(*epoch(Loader(files, ["row"], 500, buffer_rows=buffer)))))
    assert np.abs(np.diff(found)).mean() / (count / 3) > distance
    assert abs(np.corrcoef(found, np.arange(len(found)))[0, 1]) < correlation


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (pl.Series([1, None]), "column 'row' has 1 nulls"),
        (pl.Series(["a", "b"]), "column 'row' is of type String"),
    ],
    ids=["null", "text"],
)
def test_what_no_model_reads_is_named(values: pl.Series, said: str, tmp_path: Path) -> None:
    values.to_frame("row").write_parquet(tmp_path / "x.parquet")
    with pytest.raises(ValueError, match=said):
        list(Loader([tmp_path / "x.parquet"], ["row"], 2))
