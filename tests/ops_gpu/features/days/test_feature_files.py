from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from ops_gpu.engines.dask import DaskEngine
from ops_gpu.engines.engine import Engine
from ops_gpu.engines.local import LocalEngine
from ops_gpu.features.days import event_features
from ops_gpu.features.days.event_features import EventFeatures
from ops_gpu.features.days.feature_files import FeatureFiles
from tests.ops_gpu.day_files import write_days
from tests.ops_gpu.heart import CONFIG, Heart


@pytest.fixture(scope="module")
def features(heart: Heart, tmp_path_factory: pytest.TempPathFactory) -> EventFeatures:
    past = write_days(heart.interactions, tmp_path_factory.mktemp("days") / "files", CONFIG.candidates.snapshot)
    return EventFeatures(past, heart.data.users, heart.data.items, heart.workflow, 5)


def written(features: EventFeatures, folder: Path, engine: Engine) -> dict[date, pl.DataFrame]:
    folder.mkdir()
    days = sorted(features.past.events)
    files = FeatureFiles(
        features, {day: folder / f"{day}.parquet" for day in days}, {day: {"made_from": str(day)} for day in days}
    )
    counts = dict(count for made in engine.map(files, features.stretches(days)) for count in made)
    frames = {day: pl.read_parquet(path) for day, path in files.paths.items()}
    assert counts == {day: frame.height for day, frame in frames.items()}
    assert all(pl.read_parquet_metadata(path)["made_from"] == str(day) for day, path in files.paths.items())
    return frames


def test_rows_are_the_same_on_workers_and_in_any_stretches(
    features: EventFeatures, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = written(features, tmp_path / "one", LocalEngine())
    assert len(features.stretches(list(whole))) == 1
    monkeypatch.setattr(event_features, "EVENTS_AT_ONCE", 1_000)
    assert len(features.stretches(list(whole))) > 3
    with DaskEngine.local(workers=2, threads=1) as engine:
        parts = written(features, tmp_path / "cluster", engine)
    for day, frame in whole.items():
        assert frame.equals(parts[day]), day


def test_days_with_another_between_them_are_made_apart(features: EventFeatures) -> None:
    days = sorted(features.past.events)
    assert features.stretches([days[4], days[0], days[1]]) == [days[:2], [days[4]]]
    assert features.stretches([]) == []
