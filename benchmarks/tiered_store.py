"""Rows read from a store that is larger than its memory, the page cache counted.

Usage: python benchmarks/tiered_store.py [--rows 10000000] [--dimension 16] [--memory-mb 128] [--batch 65536]
       [--seconds 10] [--place FOLDER]

Writes a store of vectors, opens it with direct I/O (so that the system's page cache holds none of it, which is checked
with mincore), reads keys drawn from a Zipf distribution of exponent 1.05 whose ranks are scattered over the keys, and
prints rows a second and where they came from. Drawing keys is not counted. The memory is first filled by reading, as
it would be by requests.
"""

from __future__ import annotations

import argparse
import ctypes
import mmap
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import psutil
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.results import Figure, begin_run, fact, larger, smaller
from ops_gpu.tiered import KeyType, RowFormat, StoreSettings, TieredStore, build_store, open_store

EXPONENT = 1.05
BUILT_AT_ONCE = 1 << 18
DRAWN_AT_ONCE = 1 << 22
MB = 1e6

Keys = npt.NDArray[np.int64]
Told = Callable[[str, float, float], None]
"""Told what is done, how much of it is, and how much there is to do."""


@dataclass(frozen=True)
class Measured:
    """What was measured.

    Args:
        rows: of the store.
        dimension: float32 values a row.
        disk_mb: size of the files with the rows.
        allowed_mb: memory that the store was given.
        batch: keys a read.
        rows_per_second: read in batches by one caller.
        hit_rate: share of the rows that came from memory.
        first_hit_rate: the same while the memory was filled.
        warm_rows_per_second: rows a second while the memory was filled.
        disk_reads_per_second: bytes that the process had read from the device, in blocks of 4 KB.
        store_mb: memory in use, as the store tells it.
        rss_mb: by how much the process grew from opening the store to the end.
        page_cache_mb: of the files with the rows.
        build_seconds: writing the store.
    """

    rows: int
    dimension: int
    disk_mb: float
    allowed_mb: float
    batch: int
    rows_per_second: float
    hit_rate: float
    first_hit_rate: float
    warm_rows_per_second: float
    disk_reads_per_second: float
    store_mb: float
    rss_mb: float
    page_cache_mb: float
    build_seconds: float


class ZipfKeys:
    """Keys by popularity, scattered: the most popular one may be any.

    Args:
        rows: keys are 0 to rows - 1.
        seed: of both.
    """

    def __init__(self, rows: int, seed: int = 0) -> None:
        self._random = np.random.default_rng(seed)
        self._shares = np.cumsum(np.arange(1, rows + 1, dtype=np.float64) ** -EXPONENT)
        self._keys = self._random.permutation(rows)

    def draw(self, size: int) -> Keys:
        """Keys of so many requests."""
        at = np.searchsorted(self._shares, self._random.random(size) * self._shares[-1])
        keys: Keys = self._keys[np.minimum(at, len(self._keys) - 1)]
        return keys


def measure(
    rows: int = 10_000_000,
    dimension: int = 16,
    memory_mb: float = 128,
    batch: int = 65_536,
    seconds: float = 10,
    place: Path | None = None,
    told: Told = lambda what, done, total: None,
) -> Measured:
    """Builds a store, reads from it, and removes it.

    Args:
        rows: keys, and rows.
        dimension: float32 values a row.
        memory_mb: memory of the store; nothing else holds rows.
        batch: keys a read.
        seconds: of reading that counts.
        place: an existing folder on the disk to measure; a temporary one by default.
        told: told what is done, how much of it, of how much.
    """
    with tempfile.TemporaryDirectory(prefix="tiered-", dir=place) as folder:
        path = Path(folder, "store")
        begin = time.perf_counter()
        row = RowFormat.of_dtype(np.dtype([("vector", "f4", (dimension,))]))
        build_store(path, KeyType.INT64, row, batches(rows, dimension, told))
        build_seconds = time.perf_counter() - begin
        keys = ZipfKeys(rows)
        rss = psutil.Process().memory_info().rss
        settings = StoreSettings(memory_bytes=int(memory_mb * MB), direct_io=True)
        with open_store(path, settings) as store:
            warmed = read_for(store, keys, batch, told, rows=rows)
            read = read_for(store, keys, batch, told, seconds=seconds)
            rss = psutil.Process().memory_info().rss - rss
            store_mb = sum(store.metrics.memory.values()) / MB
        files = list(path.glob("*.sst"))
        disk, cached = sum(file.stat().st_size for file in files), sum(map(page_cache, files))
    return Measured(
        rows, dimension, disk / MB, memory_mb, batch,
        read.rows / read.seconds, read.hit_rate, warmed.hit_rate, warmed.rows / warmed.seconds,
        read.disk_bytes / 4096 / read.seconds, store_mb, rss / MB, cached / MB, build_seconds,
    )  # fmt: skip


def batches(rows: int, dimension: int, told: Told) -> Iterator[tuple[Keys, dict[str, npt.NDArray[np.float32]]]]:
    """Keys and vectors; a vector starts with its key, so that reading can be checked."""
    random = np.random.default_rng(1)
    for start in range(0, rows, BUILT_AT_ONCE):
        keys = np.arange(start, min(start + BUILT_AT_ONCE, rows))
        vectors = random.random((len(keys), dimension), np.float32)
        vectors[:, 0] = keys % (1 << 20)
        yield keys, {"vector": vectors}
        told("writing the store", start + len(keys), rows)


@dataclass
class Read:
    """Reading, so far."""

    rows: int = 0
    seconds: float = 0.0
    hit_rate: float = 0.0
    disk_bytes: int = 0


def read_for(store: TieredStore, keys: ZipfKeys, batch: int, told: Told, seconds: float = 0, rows: int = 0) -> Read:
    """Reads for so long, or so many rows; keys are drawn while the clock stands."""
    done, before = Read(), store.metrics
    while done.seconds < seconds or done.rows < rows:
        drawn = keys.draw(DRAWN_AT_ONCE)
        io = psutil.Process().io_counters().read_bytes
        for start in range(0, len(drawn), batch):
            asked = drawn[start : start + batch]
            begin = time.perf_counter()
            vectors: Any = store.read(asked).columns["vector"]
            done.seconds += time.perf_counter() - begin
            done.rows += len(asked)
            if not np.array_equal(vectors[:, 0], asked % (1 << 20)):
                raise SystemExit("The store gave a wrong row.")
            told("reading" if seconds else "filling the memory", done.seconds or done.rows, seconds or rows)
            if done.seconds >= seconds and done.rows >= rows:
                break
        done.disk_bytes += psutil.Process().io_counters().read_bytes - io
    done.hit_rate = store.metrics.since(before).hit_rate()
    return done


def page_cache(path: Path) -> int:
    """Bytes of a file that lie in the page cache."""
    size = path.stat().st_size
    if not size:
        return 0
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        pages = (ctypes.c_ubyte * (-(-size // mmap.PAGESIZE)))()
        view = np.frombuffer(mapped, np.uint8)
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.mincore(ctypes.c_void_p(view.ctypes.data), ctypes.c_size_t(size), pages):
            raise OSError(ctypes.get_errno(), f"mincore: {os.strerror(ctypes.get_errno())}")
        del view
    return sum(page & 1 for page in pages) * mmap.PAGESIZE


def table(found: Measured) -> Table:
    """The figures, for people."""
    title = f"Tiered store: {found.rows:,} rows x {found.dimension} float32, {found.disk_mb:,.0f} MB on disk"
    shown = Table("what", "measured", "must be", title=title)
    shown.add_row(f"rows/s, batches of {found.batch:,}", f"{found.rows_per_second:,.0f}", "at least 200,000")
    shown.add_row("found in memory", f"{found.hit_rate:.1%}", "")
    shown.add_row("disk reads/s (4 KB)", f"{found.disk_reads_per_second:,.0f}", "")
    filling = f"{found.warm_rows_per_second:,.0f} rows/s, {found.first_hit_rate:.1%} found in memory"
    shown.add_row(f"while memory filled ({found.rows:,} rows)", filling, "")
    shown.add_row("memory of the store", f"{found.store_mb:,.0f} MB", f"at most {found.allowed_mb:,.0f} MB")
    shown.add_row("growth of the process (RSS)", f"{found.rss_mb:,.0f} MB", "")
    shown.add_row("page cache of its files", f"{found.page_cache_mb:,.1f} MB", "0")
    shown.add_row("written in", f"{found.build_seconds:,.1f} s", "")
    return shown


def figures(found: Measured) -> list[Figure]:
    """The same as numbers."""
    return [
        fact("rows", found.rows),
        fact("on disk", found.disk_mb, "MB"),
        larger(f"read in batches of {found.batch:,}", found.rows_per_second, "rows/s"),
        larger("share found in memory", found.hit_rate),
        fact("disk reads of 4 KB", found.disk_reads_per_second, "1/s"),
        larger("read while memory filled", found.warm_rows_per_second, "rows/s"),
        larger("share found in memory while it filled", found.first_hit_rate),
        smaller("memory of the store", found.store_mb, "MB"),
        smaller("growth of the process (RSS)", found.rss_mb, "MB"),
        smaller("page cache of its files", found.page_cache_mb, "MB"),
        smaller("written in", found.build_seconds, "s"),
    ]


def main() -> None:
    """Runs the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--dimension", type=int, default=16)
    parser.add_argument("--memory-mb", type=float, default=128)
    parser.add_argument("--batch", type=int, default=65_536)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--place", type=Path, help="a folder on the disk to measure; a temporary one by default")
    given = parser.parse_args()
    console, run = Console(), begin_run(__file__)
    with Progress(console=console, transient=True) as progress:
        bars: dict[str, Any] = {}

        def told(what: str, done: float, total: float) -> None:
            if what not in bars:
                bars[what] = progress.add_task(what, total=total)
            progress.update(bars[what], completed=done)

        found = measure(given.rows, given.dimension, given.memory_mb, given.batch, given.seconds, given.place, told)
    console.print(table(found))
    run.keep(figures(found))


if __name__ == "__main__":
    main()
