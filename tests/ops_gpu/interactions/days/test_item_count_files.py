from __future__ import annotations

from pathlib import Path

import polars as pl

from ops_gpu.engines.dask import DaskEngine
from ops_gpu.engines.engine import Engine
from ops_gpu.engines.local import LocalEngine
from ops_gpu.interactions.days.item_count_files import ItemCountFiles
from ops_gpu.interactions.days.item_counts import ItemCounts
from tests.ops_gpu.day_files import write_days
from tests.ops_gpu.heart import CONFIG, Heart


def test_days_are_counted_the_same_on_workers(heart: Heart, tmp_path: Path) -> None:
    config = CONFIG.candidates.snapshot
    past = write_days(heart.interactions, tmp_path / "days", config)

    def counted(name: str, engine: Engine) -> dict[str, pl.DataFrame]:
        (tmp_path / name).mkdir()
        files = ItemCountFiles(past.events, {day: tmp_path / name / f"{day}.parquet" for day in past.events}, config)
        told = engine.map(files, sorted(past.events))
        assert [one.day for one in told] == sorted(past.events)
        frames = {str(one.day): ItemCounts.load(files.counts[one.day]).frame for one in told}
        assert [(frame.height, frame["seen"].sum()) for frame in frames.values()] == [one[1:] for one in told]
        return frames

    here = counted("here", LocalEngine())
    with DaskEngine.local(workers=2, threads=1) as engine:
        there = counted("there", engine)
    assert len(here) > 10 and sum(frame["seen"].sum() for frame in here.values()) == heart.interactions.height
    for day, frame in here.items():
        assert frame.equals(there[day]), day
