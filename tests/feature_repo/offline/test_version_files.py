from __future__ import annotations

import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feature_repo.offline.version_files import KEPT_SECONDS, MOST_FILES, VersionFiles
from feature_repo.repository import FeatureRepository
from feature_repo.settings import StoreSettings
from resources.feature_parity import count_mismatches

START = datetime(2026, 1, 1, tzinfo=UTC)
MINUTES = pl.Datetime("us", "UTC")


def versions(minute: int, ids: list[int], price: float = 0.0) -> pl.DataFrame:
    moment = pl.lit(START + timedelta(minutes=minute)).cast(MINUTES)
    frame = pl.DataFrame({"item_id": pl.Series(ids, dtype=pl.Int64)})
    columns = {"price": pl.lit(price), "present": pl.lit(True), "event_timestamp": moment, "created_timestamp": moment}
    return frame.with_columns(**columns)


@pytest.fixture
def files(tmp_path: Path) -> VersionFiles:
    return VersionFiles(tmp_path / "items", "item_id")


def write(files: VersionFiles, *parts: pl.DataFrame, all_anew: bool = False) -> None:
    with files.writing(all_anew) as add:
        for part in parts:
            add(part)


def test_a_write_adds_a_file_and_touches_no_other(files: VersionFiles) -> None:
    write(files, versions(0, [1, 2]), versions(0, [3]))
    [first] = files.paths
    before = first.stat()
    write(files, versions(1, [2], 5.0), versions(1, []))
    assert [pl.read_parquet(path).height for path in files.paths] == [3, 1]
    assert (first.stat().st_ino, first.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert files.newest().sort("item_id")["event_timestamp"].dt.minute().to_list() == [0, 1, 0]


def test_nothing_new_is_no_file_and_nothing_at_all_is_an_empty_one(files: VersionFiles) -> None:
    write(files, versions(0, []))
    assert files.rows() == 0 and files.schema()["item_id"] == pl.Int64
    write(files, versions(0, []), versions(1, []))
    assert len(files.paths) == 1


def test_a_write_that_breaks_off_adds_nothing(files: VersionFiles) -> None:
    write(files, versions(0, [1]))
    with pytest.raises(OSError, match="full"), files.writing(all_anew=True) as add:
        add(versions(1, [1]))
        raise OSError("disk full")
    assert files.rows() == 1
    assert len(list(files.folder.iterdir())) == 1


def test_what_is_replaced_stays_for_a_while_and_is_not_counted_twice(files: VersionFiles) -> None:
    for minute in range(3):
        write(files, versions(minute, [1, minute]))
    rows, listed = files.rows(), files.paths
    files.compact(START)
    assert (len(files.paths), files.rows()) == (1, rows)
    assert pl.read_parquet(listed).height == rows, "whoever has listed them can open them"
    write(files, versions(9, [4]))
    files.remove_replaced()
    assert len(list(files.folder.iterdir())) == 5
    [merged, _] = files.paths
    old = time.time() - KEPT_SECONDS - 60
    os.utime(merged, (old, old))
    files.remove_replaced()
    assert sorted(files.folder.iterdir()) == files.paths, "after a while they go"
    assert files.rows() == rows + 1


def crowded(files: VersionFiles, since: datetime, overdue: datetime = START - timedelta(days=99)) -> bool:
    return files.crowded(since, overdue)


def test_what_is_overdue_goes_however_little_it_is(files: VersionFiles) -> None:
    write(files, versions(0, list(range(100))))
    write(files, versions(5, [7], 1.0))
    since, overdue = START + timedelta(minutes=1), START + timedelta(minutes=6)
    assert not crowded(files, since)
    assert not crowded(files, since, START + timedelta(minutes=5)), "old as it is, it was replaced a while ago only"
    assert crowded(files, since, overdue)
    files.compact(since)
    assert files.rows() == 100
    assert not crowded(files, since, overdue)


def test_many_files_and_much_that_is_forgotten_are_crowded(files: VersionFiles) -> None:
    assert not crowded(files, START)
    for minute in range(MOST_FILES):
        assert not crowded(files, START), minute
        write(files, versions(minute, [minute]))
    assert crowded(files, START)
    files.compact(START)
    assert not crowded(files, START)
    assert files.rows() == MOST_FILES, "none of them was replaced"
    for minute in (100, 101):
        assert not crowded(files, START + timedelta(days=1))
        write(files, versions(minute, list(range(MOST_FILES))))
    assert crowded(files, START + timedelta(days=1)), "all but the newest are old"
    assert not crowded(files, START), "all are young"
    files.compact(START + timedelta(days=1))
    assert (len(files.paths), files.rows()) == (1, MOST_FILES)


@settings(deadline=None, max_examples=30)
@given(writes=st.lists(st.lists(st.integers(0, 9), unique=True), min_size=1, max_size=6), since=st.integers(0, 6))
def test_what_is_compacted_loses_what_may_be_forgotten_and_nothing_else(
    tmp_path_factory: pytest.TempPathFactory, writes: list[list[int]], since: int
) -> None:
    files = VersionFiles(tmp_path_factory.mktemp("files") / "items", "item_id")
    for minute, ids in enumerate(writes):
        write(files, versions(minute, sorted(ids), float(minute)))
    every = [(id_, minute) for minute, ids in enumerate(writes) for id_ in ids]
    wanted = {
        (id_, minute)
        for id_, minute in every
        if minute >= since or (id_, minute) == max((pair for pair in every if pair[0] == id_), default=None)
    }
    files.compact(START + timedelta(minutes=since))
    found = files.scan().select("item_id", pl.col("price").cast(pl.Int64)).collect().rows()
    assert sorted(found) == sorted(wanted)


def test_ranges_hold_every_id_once(files: VersionFiles) -> None:
    write(files, versions(0, list(range(100))))
    write(files, versions(1, list(range(0, 100, 7))))
    for at_once in (1, 300, 10**9):
        ranges = files.ranges(at_once)
        ids = [id_ for one in ranges for id_ in files.scan().filter(one.holds("item_id")).collect()["item_id"].unique()]
        assert sorted(ids) == list(range(100))
        assert {1: len(ranges) == 100, 300: 1 < len(ranges) < 100, 10**9: len(ranges) == 1}[at_once]


def test_a_sample_is_of_all_writes_and_of_newest_versions(files: VersionFiles) -> None:
    write(files, versions(0, list(range(10_000))))
    write(files, versions(1, list(range(5, 10_000, 10)), 7.0))
    found = files.sample(100, 16)
    assert 50 <= found.height <= 100 and found["item_id"].is_unique().all() and found["item_id"].is_sorted()
    newest = pl.when(pl.col("item_id") % 10 == 5).then(7.0).otherwise(0.0)
    assert found.filter(pl.col("price") != newest).is_empty()
    assert found["price"].n_unique() == 2, "of both writes"
    assert files.sample(10**6, 16).height == 10_000, "where there is room for all"


def test_the_one_file_of_earlier_versions_is_taken_over(tmp_path: Path) -> None:
    rows = pl.DataFrame({"item_id": [1, 2], "price": [1.0, 2.0]})
    made = FeatureRepository(tmp_path / "shop", "shop", StoreSettings())
    made.write("items", rows, START)
    [file] = made.versions("items").paths
    file.rename(made.folder / "items.parquet")
    (made.folder / "items").rmdir()
    again = FeatureRepository(tmp_path / "shop", "shop", StoreSettings())
    assert again.newest("items", ["item_id", "price"]).equals(rows)
    assert (again.folder / "items.parquet").exists(), "whoever reads takes nothing over"
    assert again.write("items", rows.with_columns(price=pl.Series([1.0, 3.0])), START).changed == 1
    assert again.versions("items").rows() == 3, "no version is lost"
    assert count_mismatches(again, 10, "items") == 0


def test_what_an_earlier_version_wrote_again_is_newer_than_the_folder(tmp_path: Path) -> None:
    """Upgraded, rolled back for a day, and upgraded again."""
    one, two = (pl.DataFrame({"item_id": [1], "price": [price]}) for price in (1.0, 2.0))
    made = FeatureRepository(tmp_path / "shop", "shop", StoreSettings())
    made.write("items", one, START)
    other = FeatureRepository(tmp_path / "rolled_back", "shop", StoreSettings())
    other.write("items", two, START)
    [file] = other.versions("items").paths
    file.rename(made.folder / "items.parquet")
    made.write_online("items", two.with_columns(event_timestamp=pl.lit(START), created_timestamp=pl.lit(START)))
    mark = (made.folder / "items.written").read_text().splitlines()[0]  # its own would be the same
    (made.folder / "items.written").write_text(f"{mark}\n{made._online.project}")
    assert made.newest("items", ["price"])["price"].to_list() == [2.0]
    assert made.write("items", one, START).changed == 1
    assert made.newest("items", ["price"])["price"].to_list() == [1.0]
    assert count_mismatches(made, 10, "items") == 0


def test_a_kind_that_was_never_written_is_said_to_be_missing(tmp_path: Path) -> None:
    repository = FeatureRepository(tmp_path / "shop", "shop", StoreSettings())
    with pytest.raises(LookupError, match="no version of any row"):
        repository.newest("items", ["item_id"])
    with pytest.raises(LookupError, match="no version of any row"):
        count_mismatches(repository, 10, "items")


def test_no_row_of_other_columns_takes_the_place_of_all(files: VersionFiles) -> None:
    write(files, versions(0, [1, 2]))
    texts = versions(1, []).with_columns(pl.col("item_id").cast(pl.String))
    write(files, texts, all_anew=True)
    assert files.rows() == 0 and files.schema()["item_id"] == pl.String


def test_a_range_is_as_large_as_is_set_however_well_it_packs(files: VersionFiles) -> None:
    alike = versions(0, list(range(20_000))).with_columns(tags=pl.lit(["one and the same long text"] * 20))
    write(files, alike)
    size = alike.estimated_size()
    assert size > 20 * files.paths[0].stat().st_size
    assert 4 <= len(files.ranges(int(size) // 5)) <= 6


def test_a_repository_whose_files_are_crowded_makes_one_of_them(tmp_path: Path) -> None:
    repository = FeatureRepository(tmp_path / "shop", "shop", StoreSettings(keep=timedelta(0)))
    for price in range(6):
        repository.write("items", pl.DataFrame({"item_id": [1], "price": [float(price)]}), START)
        assert repository.versions("items").rows() <= 3
    assert repository.newest("items", ["price"])["price"].to_list() == [5.0]
    files = repository.versions("items")
    assert set(files.paths) < set(files.folder.iterdir()), "what one file took the place of is still there"
    old = time.time() - KEPT_SECONDS - 60
    os.utime(files.paths[0], (old, old))
    repository.write("items", pl.DataFrame({"item_id": [1], "price": [5.0]}), START)
    assert set(files.paths) == set(files.folder.iterdir()), "the next write removes it, though it has nothing to add"
    assert count_mismatches(repository, 10, "items") == 0
