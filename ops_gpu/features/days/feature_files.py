"""FeatureFiles: the rows of days as Parquet files, made wherever an engine runs it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from ops_gpu.features.days.event_features import EventFeatures
from ops_gpu.primitives.atomic_file import atomic_file


@dataclass(frozen=True)
class FeatureFiles:
    """Makes and writes feature rows: `engine.map(files, files.features.stretches(days))`.

    Args:
        features: makes the rows.
        paths: file of each day.
        notes: what the footer of each day's file is to say.
    """

    features: EventFeatures
    paths: Mapping[date, Path]
    notes: Mapping[date, Mapping[str, str]]

    def __call__(self, days: Sequence[date]) -> list[tuple[date, int]]:
        """Writes the rows of days that follow each other, each while the next ones are made, and counts them."""
        return [(day, rows.height) for day, rows in self._written(days)]

    def _written(self, days: Sequence[date]) -> Iterator[tuple[date, pl.DataFrame]]:
        with ThreadPoolExecutor(1) as pool:
            before: list[Future[None]] = []
            for day, rows in self.features.of(days):
                for writing in before:
                    writing.result()
                before = [pool.submit(self._write, day, rows)]
                yield day, rows
            for writing in before:
                writing.result()

    def _write(self, day: date, rows: pl.DataFrame) -> None:
        with atomic_file(self.paths[day]) as aside:
            rows.write_parquet(aside, metadata=dict(self.notes[day]))
