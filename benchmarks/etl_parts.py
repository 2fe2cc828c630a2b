"""What `benchmarks/etl.py` measures, each part run in a process of its own."""

from __future__ import annotations

import os
import shutil
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import psutil

from ops_gpu.engines.dask import DaskEngine
from ops_gpu.engines.dataset import Dataset
from ops_gpu.graph.node import Node
from ops_gpu.operators import Categorify, Clip, FillMissing, JoinGroupby, LogOp, Normalize, TargetEncoding
from ops_gpu.workflow.workflow import Workflow

# Sizes and shares of nulls much like those of the Criteo display logs.
SIZES = (1460, 583, 1_500_000, 1_000_000, 305, 24, 12517, 633, 4, 93145, 5683, 1_200_000, 3194)
SIZES += (27, 14992, 800_000, 10, 5652, 2173, 4, 900_000, 18, 15, 286181, 105, 142572)
NULLS = {3: 0.03, 4: 0.03, 6: 0.12, 12: 0.03, 16: 0.03, 19: 0.44, 20: 0.44, 21: 0.03, 22: 0.76, 24: 0.03, 25: 0.44}
NUMBER_NULLS = (0.45, 0, 0.21, 0.21, 0.03, 0.22, 0.04, 0.0005, 0.04, 0.45, 0.04, 0.76, 0.21)
FILES = 8
CATEGORIES, NUMBERS = [f"C{i}" for i in range(1, 27)], [f"I{i}" for i in range(1, 14)]
FOLD_COLUMNS = ["I2", "I5", "I8", "I13", "C1", "C4"]


def make_logs(folder: str, rows: str) -> dict[str, float]:
    """Writes label, I1..I13 and C1..C26 as Parquet files."""
    Path(folder).mkdir(parents=True)
    random = np.random.default_rng(7)
    for number in range(FILES):
        count = int(rows) // FILES
        columns = {"label": pl.Series(random.random(count) < 0.26).cast(pl.Int8)}
        for place, name in enumerate(NUMBERS):
            heavy = np.minimum(np.exp(random.normal(1.5 + 0.3 * place, 1.6, count)), 2**30).astype(np.int32)
            columns[name] = _with_nulls(random, heavy, NUMBER_NULLS[place])
        for place, name in enumerate(CATEGORIES, 1):
            spread = _hashed(_zipf(random, count, SIZES[place - 1]), place)
            columns[name] = _with_nulls(random, spread, NULLS.get(place, 0.0))
        pl.DataFrame(columns).write_parquet(Path(folder, f"part_{number}.parquet"), row_group_size=250_000)
    return {"rows": int(rows)}


def _zipf(random: np.random.Generator, count: int, size: int, exponent: float = 1.05) -> np.ndarray:
    """A bounded power law, by its inverse distribution function."""
    share = ((size + 1.0) ** (1 - exponent) - 1) * random.random(count) + 1
    return np.minimum((share ** (1 / (1 - exponent))).astype(np.int64) - 1, size - 1)


def _hashed(values: np.ndarray, seed: int) -> np.ndarray:
    """32-bit ids, one a value."""
    mixed = (values.astype(np.uint64) * np.uint64(0x9E3779B1) + np.uint64(seed * 0x85EBCA6B)) & np.uint64(2**32 - 1)
    mixed ^= mixed >> np.uint64(16)
    return ((mixed * np.uint64(0x7FEB352D)) & np.uint64(2**32 - 1)).astype(np.int64)


def _with_nulls(random: np.random.Generator, values: np.ndarray, share: float) -> pl.Series:
    return pl.select(pl.when(pl.Series(random.random(len(values)) >= share)).then(pl.Series(values))).to_series()


def graph() -> Node:
    """The whole ETL."""
    numbers = NUMBERS >> FillMissing(0) >> Clip(min_value=0) >> LogOp() >> Normalize()
    targets = ["C3", "C15"] >> TargetEncoding("label", kfold=5, p_smooth=20, fold_columns=FOLD_COLUMNS)
    groups = ["C10"] >> JoinGroupby(["I2"], ["count", "mean"])
    return (CATEGORIES >> Categorify(freq_threshold=5)) + numbers + targets + groups + ["label"]


@contextmanager
def peak_memory() -> Iterator[list[float]]:
    """The largest resident memory of this process meanwhile, in GB."""
    peak, stop, process = [0.0], threading.Event(), psutil.Process()

    def watch() -> None:
        while not stop.wait(0.02):
            peak[0] = max(peak[0], process.memory_info().rss / 2**30)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    yield peak
    stop.set()
    thread.join()


def etl(data: str, out: str) -> dict[str, float]:
    """Fits, transforms and writes; for training, so targets are encoded out of fold."""
    with peak_memory() as peak:
        begun = time.perf_counter()
        encoded = Workflow(graph()).fit_transform(Dataset(data))
        fitted = time.perf_counter()
        encoded.to_parquet(out, compression="snappy")
        done = time.perf_counter()
    return {
        "fit_s": fitted - begun,
        "transform_s": done - fitted,
        "total_s": done - begun,
        "peak_rss_gb": peak[0],
    }


def dask(data: str, out: str, workers: str) -> dict[str, float]:
    """The same on a cluster of processes with one thread each."""
    with DaskEngine.local(int(workers), threads=1) as engine:
        engine.map(abs, range(8))  # the workers have started
        settle(data, out)
        begun = time.perf_counter()
        encoded = Workflow(graph()).fit_transform(Dataset(data), engine=engine)
        fitted = time.perf_counter()
        encoded.to_parquet(out, engine=engine, compression="snappy")
        done = time.perf_counter()
    return {"fit_s": fitted - begun, "total_s": done - begun}


def settle(data: str, out: str) -> None:
    """Every run starts alike: nothing of the one before is left, and the logs are in memory."""
    shutil.rmtree(out, ignore_errors=True)
    os.sync()
    for file in Path(data).glob("*.parquet"):
        file.read_bytes()


def row() -> dict[str, float]:
    """Latency of one row and of a thousand."""
    random = np.random.default_rng(1)
    cats, numbers, count = [f"c{i}" for i in range(5)], [f"n{i}" for i in range(3)], 200_000
    known = {name: np.concatenate([np.arange(50_000), random.integers(0, 50_000, count - 50_000)]) for name in cats}
    frame = pl.DataFrame(known | {name: random.lognormal(1, 1, count) for name in numbers})
    workflow = Workflow((cats >> Categorify()) + (numbers >> FillMissing(0.0) >> Normalize())).fit(frame)
    rows = [frame[i] for i in range(1_000, 3_000)]
    blocks = [frame[start : start + 1_000] for start in range(0, 100_000, 1_000)]
    return {
        "one_ms": _median_ms(workflow.transform, rows),
        "thousand_ms": _median_ms(workflow.transform, blocks),
        "bare_ms": _median_ms(_bare(frame, cats, numbers), rows),
    }


def _bare(frame: pl.DataFrame, cats: list[str], numbers: list[str]) -> Callable[[pl.DataFrame], Any]:
    """The same as the shortest expressions that Polars has for it."""
    sorted_keys = {name: frame[name].unique().sort() for name in cats}
    means = {name: (frame[name].mean(), frame[name].std()) for name in numbers}
    exprs = [pl.lit(sorted_keys[name]).search_sorted(pl.col(name)).alias(name) for name in cats]
    exprs += [((pl.col(n).fill_null(0.0) - mean) / std).alias(n) for n, (mean, std) in means.items()]
    return lambda row: row.select(exprs)


def _median_ms(function: Callable[[pl.DataFrame], Any], frames: list[pl.DataFrame]) -> float:
    for frame in frames[:50]:
        function(frame)
    times = []
    for frame in frames:
        begun = time.perf_counter()
        function(frame)
        times.append((time.perf_counter() - begun) * 1e3)
    return statistics.median(times)


def update(data: str, out: str) -> dict[str, float]:
    """A 91st day beside a full fit of all, both saved with their statistics."""
    days = Path(out, "days")
    if not days.exists():
        days.mkdir(parents=True)
        for number, frame in enumerate(_days(data)):
            frame.write_parquet(days / f"{number:03d}.parquet")
    files = sorted(days.glob("*.parquet"))
    with tempfile.TemporaryDirectory(dir=out) as place:
        before = Workflow(graph()).fit(Dataset(files[:-1]))
        before.save(Path(place, "workflow"), statistics=True)
        begun = time.perf_counter()
        before.update(Dataset(files[-1])).save(Path(place, "workflow"), statistics=True)
        updated = time.perf_counter()
        Workflow(graph()).fit(Dataset(files)).save(Path(place, "whole"), statistics=True)
        done = time.perf_counter()
    return {"update_s": updated - begun, "fit_s": done - updated}


def _days(data: str) -> Iterator[pl.DataFrame]:
    rows = pl.read_parquet(f"{data}/*.parquet")
    size = -(-len(rows) // 91)
    yield from (rows[start : start + size] for start in range(0, len(rows), size))


def diamonds() -> dict[str, float]:
    """Counts how often the program of 8 chained diamonds computes each node."""
    from collections import Counter

    from ops_gpu.operators.columns.rename import Rename
    from ops_gpu.operators.continuous.fill_missing import FillMissing as Counted

    node = Node.of("x") >> Counted(0.0)
    for step in range(8):
        left, right = node >> Rename(name=f"l{step}"), node >> Rename(name=f"r{step}")
        node = (left + right)[[f"l{step}"]] >> Counted(0.0)
    calls: Counter[int] = Counter()
    plain = Counted.transform

    def counted(self: Counted, *arguments: Any) -> Any:
        calls[id(self)] += 1
        return plain(self, *arguments)

    Counted.transform = counted  # type: ignore[method-assign]
    Workflow(node).transform(pl.DataFrame({"x": [1.0, None]}))
    return {"evaluations": max(calls.values())}
