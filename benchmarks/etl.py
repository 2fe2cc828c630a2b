"""Feature engineering through the public API of `ops_gpu`, beside hand-written Polars on the same data.

Usage: python benchmarks/etl.py [--rows 4000000] [--large 16000000] [--reference PROGRAM] [--only PART ...]

Makes Criteo-like logs (label, 13 numbers with nulls and heavy tails, 26 categories of up to 1.5 million values), and
measures, each in a process of its own and as the median of `--runs`:

- `etl`: 26 Categorify (threshold 5), 13 Fill/Clip/Log/Normalize, 2 TargetEncoding, 1 JoinGroupby, fit and written;
- `large`: the same over `--large` rows, for the memory;
- `row`: one row and 1,000 rows through 5 Categorify of 50,000 values and 3 FillMissing >> Normalize;
- `update`: one new day after 90, saved;
- `diamonds`: how often a shared node of 8 chained diamonds is evaluated;
- `dask`: two workers against one, one thread each, over `--large` rows.

`--reference` names a program that is called as `PROGRAM DATA OUT --fit each` and prints one line of JSON with
`total_s` and `peak_rss_gb`; it is run in turn with ours, so that the ratio holds on a machine whose speed drifts.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.results import Figure, begin_run, fact, larger, smaller

Result = dict[str, float]


class Line(NamedTuple):
    """One line of the table, and the same as numbers."""

    what: str
    measured: str
    limit: str
    figures: tuple[Figure, ...]


def main() -> None:
    """Runs the benchmark, or one part of it in this process."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=4_000_000)
    parser.add_argument("--large", type=int, default=16_000_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--data", type=Path, help="where the logs are made and kept; a temporary folder by default")
    parser.add_argument("--reference", type=Path)
    parser.add_argument("--only", nargs="*", choices=sorted(PARTS), default=list(PARTS))
    parser.add_argument("--inside", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.inside:
        from benchmarks import etl_parts

        name, *arguments = given.inside
        print(json.dumps(getattr(etl_parts, name)(*arguments)))
        return
    run = begin_run(__file__)
    with tempfile.TemporaryDirectory(prefix="etl-") as folder:
        place = given.data or Path(folder)
        lines = [line for part in given.only for line in PARTS[part](given, place)]
    show(lines)
    run.keep([figure for line in lines for figure in line.figures])


def logs(place: Path, rows: int) -> Path:
    """The logs of so many rows, made where they are not there yet."""
    folder = place / str(rows)
    if not folder.exists():
        inside("make_logs", str(folder), str(rows))
    return folder


def inside(name: str, *arguments: str) -> Result:
    """One part in a process of its own."""
    command = [sys.executable, __file__, "--inside", name, *arguments]
    return last_line(subprocess.run(command, capture_output=True, text=True, check=False))


def last_line(done: subprocess.CompletedProcess[str]) -> Result:
    """What a program printed last, as JSON."""
    if done.returncode:
        raise SystemExit(f"{' '.join(done.args)} failed:\n{done.stderr}")
    result: Result = json.loads(done.stdout.strip().splitlines()[-1])
    return result


def median(results: list[Result], name: str) -> float:
    """The median of one figure."""
    return statistics.median(result[name] for result in results)


def etl(given: Any, place: Path) -> list[Line]:
    """Time and memory beside the reference, in turn."""
    data, ours, theirs = logs(place, given.rows), [], []
    for _ in range(given.runs):
        ours.append(inside("etl", str(data), str(place / "out")))
        if given.reference:
            command = [sys.executable, str(given.reference), str(data), str(place / "reference"), "--fit", "each"]
            theirs.append(last_line(subprocess.run(command, capture_output=True, text=True, check=False)))
    shutil.rmtree(place / "out", ignore_errors=True)
    seconds = median(ours, "total_s")
    parts = f"fit {median(ours, 'fit_s'):.2f} s, transform {median(ours, 'transform_s'):.2f} s"
    what, memory_gb = f"ETL, {given.rows:,} rows", median(ours, "peak_rss_gb")
    times = (
        smaller(what, seconds, "s"),
        smaller(f"{what}, fit", median(ours, "fit_s"), "s"),
        smaller(f"{what}, transform", median(ours, "transform_s"), "s"),
    )
    lines = [Line(what, f"{seconds:.2f} s ({parts})", f"{given.rows / seconds:,.0f} rows/s", times)]
    peak = (smaller(f"{what}, peak memory", memory_gb, "GB"),)
    lines.append(Line("  peak memory", f"{memory_gb:.2f} GB", "at most 1.2 GB at 4M rows", peak))
    if theirs:
        reference = median(theirs, "total_s")
        ratio = statistics.median(o["total_s"] / t["total_s"] for o, t in zip(ours, theirs, strict=True))
        memory = f"{median(theirs, 'peak_rss_gb'):.2f} GB"
        speed = f"{given.rows / reference:,.0f} rows/s"
        lines.append(Line("  hand-written Polars", f"{reference:.2f} s, {memory}", speed, ()))
        found = (smaller(f"{what}, ours / hand-written", ratio),)
        lines.append(Line("  ours / hand-written", f"{ratio:.2f}", "at most 1.10", found))
    return lines


def large(given: Any, place: Path) -> list[Line]:
    """Memory over four times the rows."""
    found = inside("etl", str(logs(place, given.large)), str(place / "out"))
    shutil.rmtree(place / "out", ignore_errors=True)
    small = inside("etl", str(logs(place, given.rows)), str(place / "out"))
    ratio = found["peak_rss_gb"] / small["peak_rss_gb"]
    what, measured = f"ETL, {given.large:,} rows", f"{found['total_s']:.1f} s, peak {found['peak_rss_gb']:.2f} GB"
    figures = (
        smaller(f"{what}, one run", found["total_s"], "s"),
        smaller(f"{what}, one run, peak memory", found["peak_rss_gb"], "GB"),
        smaller(f"{what}, one run, memory / that of {given.rows:,} rows", ratio),
    )
    return [Line(what, measured, f"{ratio:.2f} x the memory of {given.rows:,} (at most 1.5)", figures)]


def row(given: Any, place: Path) -> list[Line]:
    """Latency of few rows."""
    found = [inside("row") for _ in range(given.runs)]
    one, thousand, bare = (median(found, name) for name in ("one_ms", "thousand_ms", "bare_ms"))
    limit = f"at most 0.5, aim 0.3; bare Polars expressions {bare:.2f}"
    figures = (smaller("one row, p50", one, "ms"), fact("one row, bare Polars expressions", bare, "ms"))
    return [
        Line("one row", f"p50 {one:.3f} ms", limit, figures),
        Line("1,000 rows", f"p50 {thousand:.3f} ms", "at most 1", (smaller("1,000 rows, p50", thousand, "ms"),)),
    ]


def update(given: Any, place: Path) -> list[Line]:
    """A new day beside a full fit."""
    found = [inside("update", str(logs(place, given.rows)), str(place / "update")) for _ in range(given.runs)]
    shutil.rmtree(place / "update", ignore_errors=True)
    ratio = statistics.median(result["update_s"] / result["fit_s"] for result in found)
    update_s, fit_s, what = median(found, "update_s"), median(found, "fit_s"), "1 new day after 90"
    figures = (
        smaller(what, update_s, "s"),
        smaller(f"{what}, full fit", fit_s, "s"),
        smaller(f"{what}, of a full fit", ratio),
    )
    times = f"update {update_s:.2f} s, full fit {fit_s:.2f} s"
    return [Line(what, times, f"{ratio:.2f} of a full fit (at most 0.20, aim 0.10)", figures)]


def diamonds(given: Any, place: Path) -> list[Line]:
    """Evaluations of shared nodes."""
    count = inside("diamonds")["evaluations"]
    figures = (smaller("8 chained diamonds, evaluations a node", count),)
    return [Line("8 chained diamonds", f"{count:.0f} evaluation a node", "1; NVTabular 256", figures)]


def dask(given: Any, place: Path) -> list[Line]:
    """Two workers against one."""
    data, out = str(logs(place, given.large)), str(place / "out")
    pairs = [[inside("dask", data, out, str(workers)) for workers in (1, 2)] for _ in range(given.runs)]
    shutil.rmtree(place / "out", ignore_errors=True)
    ratio = statistics.median(one["total_s"] / two["total_s"] for one, two in pairs)
    times = [statistics.median(pair[i]["total_s"] for pair in pairs) for i in (0, 1)]
    what, measured = f"Dask, {given.large:,} rows", f"{times[0]:.1f} s with one worker, {times[1]:.1f} s with two"
    figures = (
        smaller(f"{what}, one worker", times[0], "s"),
        smaller(f"{what}, two workers", times[1], "s"),
        larger(f"{what}, two workers, times faster", ratio),
    )
    return [Line(what, measured, f"{ratio:.2f} x faster (at least 1.6)", figures)]


def show(lines: list[Line]) -> None:
    """The table."""
    table = Table("what", "measured", "of", title="Feature engineering")
    for line in lines:
        table.add_row(line.what, line.measured, line.limit)
    Console(width=120).print(table)


PARTS: dict[str, Callable[[Any, Path], list[Line]]] = {
    "etl": etl,
    "large": large,
    "row": row,
    "update": update,
    "diamonds": diamonds,
    "dask": dask,
}

if __name__ == "__main__":
    main()
