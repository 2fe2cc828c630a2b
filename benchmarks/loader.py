"""Rows a second from Parquet to shuffled batches, by one thread in the background.

Usage: python benchmarks/loader.py [--rows 4000000] [--batch 16384] [--runs 3] [--data FOLDER]

Writes rows as a feature workflow gives them (26 categories as codes, 13 numbers, a label) to eight files, and reads
them in batches, each run in a process of its own in which Polars has one thread too. Beside it stands the reading of
the same files without shuffling, and how well the rows are shuffled: how far apart neighbours in a batch were in the
files, as a share of what a perfect shuffle gives, and the rank correlation of old and new places.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.results import Figure, begin_run, larger, smaller

FILES, CATEGORIES, NUMBERS = 8, 26, 13
GROUP = 50_000
"""Rows of a row group: about what a busy day is. What is shuffled together comes from as many as fill the buffer."""


def main() -> None:
    """Runs the benchmark, or one run of it in this process."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=4_000_000)
    parser.add_argument("--batch", type=int, default=16_384)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--data", type=Path, help="where the files are made and kept; a temporary folder by default")
    parser.add_argument("--inside", choices=("shuffled", "in order"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.inside:
        print(json.dumps(_measured(given.data, given.batch, given.inside == "shuffled")))
        return
    run = begin_run(__file__)
    with tempfile.TemporaryDirectory() as place:
        folder = given.data or Path(place)
        _write(folder, given.rows)
        results = {how: _runs(folder, given, how) for how in ("shuffled", "in order")}
    table, figures = Table(title=f"{given.rows:,} rows, batches of {given.batch:,}"), list[Figure]()
    for column in ("", "rows/s", "peak MB", "neighbours apart", "rank correlation"):
        table.add_column(column, justify="right" if column else "left")
    for how, found in results.items():
        speed, peak = found["rows_s"], found["peak_mb"]
        table.add_row(how, f"{speed:,.0f}", f"{peak:,.0f}", f"{found['apart']:.3f}", f"{found['correlation']:+.4f}")
        figures += [larger(how, speed, "rows/s"), smaller(f"{how}, peak memory", peak, "MB")]
    Console(width=100).print(table)
    run.keep(figures)


def _runs(folder: Path, given: argparse.Namespace, how: str) -> dict[str, float]:
    """Medians of several runs."""
    command = [sys.executable, __file__, "--data", str(folder), "--batch", str(given.batch), "--inside", how]
    environment = {**os.environ, "POLARS_MAX_THREADS": "1"}
    found = [
        json.loads(subprocess.run(command, env=environment, capture_output=True, check=True).stdout)
        for _ in range(given.runs)
    ]
    return {name: statistics.median(one[name] for one in found) for name in found[0]}


def _measured(folder: Path, batch: int, shuffle: bool) -> dict[str, float]:
    import resource

    from ops_gpu.models.training.loader import Loader

    files = sorted(folder.glob("*.parquet"))
    names = [name for name in pl.read_parquet_schema(files[0]) if name != "place"]
    loader = Loader(files, names, batch, shuffle=shuffle)
    begin, rows = time.perf_counter(), 0
    for columns in loader:
        rows += len(columns["label"])
    seconds = time.perf_counter() - begin
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    places = np.concatenate(
        [np.asarray(columns["place"]) for columns in Loader(files, ["place"], batch, shuffle=shuffle)]
    )
    apart = float(np.abs(np.diff(places)).mean() / (len(places) / 3))
    correlation = float(np.corrcoef(places, np.arange(len(places)))[0, 1])
    return {"rows_s": rows / seconds, "peak_mb": peak, "apart": apart, "correlation": correlation}


def _write(folder: Path, rows: int) -> None:
    """Rows of the same kind in every file, unless they are there."""
    folder.mkdir(parents=True, exist_ok=True)
    random, each = np.random.default_rng(3), rows // FILES
    for number in range(FILES):
        path = folder / f"{number}.parquet"
        if path.exists():
            continue
        codes = {f"C{n}": random.zipf(1.2, each).astype(np.int64) % 100_000 for n in range(CATEGORIES)}
        columns = {name: values.astype(np.int32) for name, values in codes.items()}
        columns |= {f"I{n}": random.normal(size=each).astype(np.float32) for n in range(NUMBERS)}
        columns["label"] = (random.random(each) < 0.3).astype(np.int32)
        columns["place"] = np.arange(number * each, (number + 1) * each)
        pl.DataFrame(columns).write_parquet(path, row_group_size=GROUP)


if __name__ == "__main__":
    main()
