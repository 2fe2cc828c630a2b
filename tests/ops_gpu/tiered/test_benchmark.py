from __future__ import annotations

from pathlib import Path

from benchmarks.tiered_store import measure, table


def test_the_benchmark_of_the_store_measures(tmp_path: Path) -> None:
    told: set[str] = set()
    found = measure(300_000, 16, 12, 4_096, 0.2, tmp_path, lambda what, done, total: told.add(what))
    assert told == {"writing the store", "filling the memory", "reading"}
    assert found.rows_per_second > 0 and 0.5 < found.first_hit_rate < found.hit_rate < 1
    assert 0 < found.store_mb <= found.allowed_mb < found.disk_mb
    assert found.page_cache_mb == 0, "the page cache holds rows that nobody counts"
    assert table(found).row_count == 8 and not list(tmp_path.iterdir())
