"""Rows of one key brought together: files by user instead of files by day."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import polars as pl

from ops_gpu.engines.dataset import PART_ROWS, Dataset
from ops_gpu.primitives.stable_hash import mix, row_hash

Keys = Callable[[pl.LazyFrame], pl.LazyFrame]


@contextmanager
def by_key(dataset: Dataset, rows: int = PART_ROWS, *, keys: Keys) -> Iterator[Dataset]:
    """A data set in files, written anew so that the rows of one key lie in one file, in the order they came in.

    Args:
        dataset: the rows; in memory, or in a single file of at most `rows`, they are left as they are.
        rows: about how many rows of a file, read and written at once. A single key with more makes a larger one.
        keys: gives the key columns of rows.

    Yields:
        The dataset; its files are removed when the block ends.
    """
    parts = dataset.parts(rows)
    if len(parts) == 1:
        yield dataset
        return
    # Beside the data, where workers of a cluster see it too, if that can be written to.
    beside = parts[0].files[0].parent
    with tempfile.TemporaryDirectory(prefix=".by-key-", dir=beside if os.access(beside, os.W_OK) else None) as folder:
        for number, part in enumerate(parts):
            _spread(part.collect(), keys, len(parts), Path(folder), number)
        places = [Path(folder, str(place)) for place in range(len(parts))]
        yield Dataset.of_groups([sorted(place.glob("*.parquet")) for place in places if place.is_dir()])


def _spread(frame: pl.DataFrame, keys: Keys, places: int, folder: Path, number: int) -> None:
    """Writes the rows of each place into a file of its own, numbered by where they come from."""
    place = _place(keys(frame.lazy()).collect(), places)
    for found in np.unique(place):
        target = folder / str(found)
        target.mkdir(exist_ok=True)
        frame.filter(pl.Series(place == found)).write_parquet(target / f"{number:06d}.parquet", compression="lz4")


def _place(keys: pl.DataFrame, places: int) -> Sequence[int] | np.ndarray:
    hashes = keys.select(row_hash(dict(keys.schema))).to_series().to_numpy()
    return mix(hashes) % np.uint64(places)
