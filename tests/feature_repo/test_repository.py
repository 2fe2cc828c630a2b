from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq  # type: ignore[import-untyped]
import pytest
from feast import FeatureStore

from feature_repo.offline.id_range import IdRange
from feature_repo.repository import FeatureRepository, Written
from feature_repo.settings import StoreSettings, project_of
from resources.feature_parity import count_mismatches

MONDAY = datetime(2026, 1, 5)


def items(**changes: list[object]) -> pl.DataFrame:
    columns = {"item_id": ["007", "x"], "title": ["Bond", None], "price": [1.5, None], "genres": [["a", "b"], []]}
    return pl.DataFrame(columns | changes)


@pytest.fixture
def repository(tmp_path: Path) -> FeatureRepository:
    return FeatureRepository(tmp_path / "shop", "shop", StoreSettings())


def test_a_snapshot_is_what_feast_gives(repository: FeatureRepository) -> None:
    assert repository.write("items", items(), MONDAY) == Written(2, 2, 0, 2)
    assert count_mismatches(repository, 100, "items") == 0


def test_only_changed_rows_are_written(repository: FeatureRepository, monkeypatch: pytest.MonkeyPatch) -> None:
    repository.write("items", items(), MONDAY)
    sent: list[int] = []
    write = type(repository._online.store.provider).online_write_batch
    monkeypatch.setattr(
        type(repository._online.store.provider),
        "online_write_batch",
        lambda self, config, view, data, progress: (sent.append(len(data)), write(self, config, view, data, progress)),
    )
    assert repository.write("items", items(), MONDAY).changed == 0
    assert repository.write("items", items(price=[2.5, None]), MONDAY) == Written(2, 1, 0, 3)
    assert repository.write("items", items(price=[2.5, None]).head(1), MONDAY) == Written(1, 1, 1, 4)
    assert sent == [1, 1]
    assert count_mismatches(repository, 100, "items") == 0


def test_a_write_that_broke_off_is_mended_by_the_next(
    repository: FeatureRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.write("items", items(), MONDAY)
    with monkeypatch.context() as broken:
        broken.setattr(pq.ParquetWriter, "write_table", lambda *_, **__: (_ for _ in ()).throw(OSError("disk full")))
        with pytest.raises(OSError, match="disk full"):
            repository.write("items", items(price=[9.0, 9.0]), MONDAY)
    assert count_mismatches(repository, 100, "items") == 2
    repository.write("items", items(), MONDAY)
    assert count_mismatches(repository, 100, "items") == 0


def test_a_lost_online_store_is_filled_again(repository: FeatureRepository, tmp_path: Path) -> None:
    repository.write("items", items(), MONDAY)
    for file in repository.folder.glob("online.db*"):
        file.unlink()
    fresh = FeatureRepository(repository.folder, "shop", StoreSettings())
    fresh.write("items", items(), MONDAY)
    assert count_mismatches(fresh, 100, "items") == 0


def test_rows_that_lie_under_another_project_are_written_again(repository: FeatureRepository) -> None:
    """As the version before left a home that was moved: a project of another name, and marks that said all is well."""
    repository.write("items", items(), MONDAY)
    folder, before = repository.folder, str(project_of(repository.folder))
    (folder / "items.written").write_text((folder / "items.written").read_text().split()[0])
    repository.config.write_text(repository.config.read_text().replace(before, "shop_0123abcd"))
    moved = FeatureRepository(folder, "shop", StoreSettings())
    assert moved.write("items", items(), MONDAY).changed == 0
    assert count_mismatches(moved, 100, "items") == 0


def test_columns_and_id_types_may_change(repository: FeatureRepository) -> None:
    repository.write("items", items(), MONDAY)
    assert repository.write("items", items(stock=[1, None]), MONDAY).changed == 2
    assert count_mismatches(repository, 100, "items") == 0
    assert repository.write("items", items(price=["cheap", None]), MONDAY).changed == 2
    assert count_mismatches(repository, 100, "items") == 0
    assert repository.write("items", items(item_id=[7, 8]), MONDAY).versions == 2
    assert count_mismatches(repository, 100, "items") == 0


def test_readers_do_not_wait_for_writers(repository: FeatureRepository) -> None:
    repository.write("items", items(), MONDAY)
    with sqlite3.connect(repository.folder / "online.db") as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_ids_must_be_there_and_different(repository: FeatureRepository) -> None:
    for ids in (["a", "a"], ["a", None]):
        with pytest.raises(ValueError, match="null or repeated item_id"):
            repository.write("items", items(item_id=ids), MONDAY)
    assert repository.versions("items").paths == []


def as_known(repository: FeatureRepository, rows: pl.DataFrame) -> pl.DataFrame:
    """Features of items as they were known at given moments: of versions written until then alone."""
    store = FeatureStore(repo_path=str(repository.folder))
    found = store.get_historical_features(
        entity_df=rows.to_pandas(),
        features=store.get_feature_service("items"),
        filter_by_created_timestamp=True,
    )
    return pl.from_pandas(found.to_df())


def test_a_late_correction_does_not_leak_into_the_past(repository: FeatureRepository) -> None:
    """Feast's historical join lets it through by default: only the event time counts there (feast#6615)."""
    repository.write("items", items(), MONDAY)
    between = datetime.now(UTC)
    repository.write("items", items(price=[9.0, None]), MONDAY)
    asked = pl.DataFrame({"item_id": ["007", "007"], "event_timestamp": [between, datetime.now(UTC)]})
    found = as_known(repository, asked).sort("event_timestamp")
    assert found["price"].to_list() == [1.5, 9.0]


def test_nothing_is_known_before_it_was_written(repository: FeatureRepository) -> None:
    repository.write("items", items(), MONDAY)
    asked = pl.DataFrame({"item_id": ["007"], "event_timestamp": [datetime.now(UTC) - timedelta(hours=1)]})
    assert as_known(repository, asked)["price"].to_list() == [None]


def test_parts_give_what_the_whole_gives(tmp_path: Path) -> None:
    whole, parts = (FeatureRepository(tmp_path / name, name, StoreSettings()) for name in ("whole", "parts"))
    first = pl.DataFrame({"item_id": [3, 5, 8, 9], "price": [1.0, 2.0, 3.0, None]})
    second = pl.DataFrame({"item_id": [2, 3, 8, 9], "price": [7.0, 1.0, 3.5, None]})
    ranges = [IdRange(None, 4), IdRange(4, 9), IdRange(9, None)]
    for frame, again in ((first, []), (second, [9, 77])):
        mine = [(ids, frame.filter(ids.holds("item_id"))) for ids in ranges]
        assert parts.write_ranges("items", mine, MONDAY, again) == whole.write("items", frame, MONDAY, again)
    read = [one.versions("items").scan().drop("created_timestamp").collect() for one in (whole, parts)]
    assert read[0].sort(read[0].columns).equals(read[1].sort(read[1].columns))
    assert count_mismatches(parts, 100, "items") == 0


def test_no_part_at_all_is_refused_and_nothing_is_lost(repository: FeatureRepository) -> None:
    repository.write("items", items(), MONDAY)
    with pytest.raises(ValueError, match="no part at all"):
        repository.write_ranges("items", [], MONDAY)
    assert count_mismatches(repository, 100, "items") == 0
