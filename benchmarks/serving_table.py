"""Everything that is promised of serving, measured by one command and held against what it must be.

Usage: python benchmarks/serving_table.py [RELEASE] [--seconds 10] [--rounds 3]

RELEASE is the directory of a release, such as `.recsys/releases/demo/HASH` (the newest of the demo by default); its
feature store must be there. It takes some eight minutes on 2 cores and wants a quiet machine. What is measured how,
and more of it, say `serving.py`, `serving_forms.py`, `redeploy.py` and `tiered_store.py`, which this program runs one
after another. The exit code is 1 where something is not what it must be.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import redeploy, serving, serving_forms, tiered_store
from benchmarks.demo_release import add_release, chosen
from benchmarks.results import Figure, begin_run
from serving.release.release import Release

LARGE = 200_000
REDEPLOYS, RATE, UNDER_LOAD = 3, 200.0, 60.0
"""Releases that go live, requests a second, and seconds of them."""


@dataclass(frozen=True)
class Row:
    """One promise.

    Args:
        what: is measured.
        found: as text.
        limit: what it must be, as text.
        met: whether it is.
    """

    what: str
    found: str
    limit: str
    met: bool


def one_user(found: serving.Served) -> Iterator[Row]:
    """How long one client waits, and how many requests sixteen get answered."""
    empty = f"{found.empty_ms:.2f} ms when asked for nothing"
    yield Row("1 client, p50", f"{found.p50_ms:.2f} ms ({empty})", "<= 2.5 ms", found.p50_ms <= 2.5)
    libraries, own = sum(found.libraries.values()), sum(found.kernels.values())
    over = f"{found.over_libraries:.2f} ms over {libraries:.2f}"
    own_over = f"by the server's own calls {found.over_kernels:.2f} over {own:.2f}"
    limit = "<= 1.3 ms over Faiss, Keras and Feast"
    yield Row("over its bare calls", f"{over}; {own_over}", limit, found.over_libraries <= 1.3)
    yield Row("1 client, p99", f"{found.p99_ms:.2f} ms", "<= 6 ms", found.p99_ms <= 6)
    rate = f"{found.requests_per_s:,.0f} requests/s, load generator {found.generator:.0%} of all cores"
    yield Row("16 clients", rate, ">= 700", found.requests_per_s >= 700)
    yield Row("requests that failed", f"{found.errors}", "0", found.errors == 0)


def large_catalogue(found: serving.Served, small: serving.Served) -> Iterator[Row]:
    """What becomes of it where there are many items."""
    what, ratio = f"{found.items:,} items", found.p50_ms / small.p50_ms
    yield Row(f"{what}, {found.index}, recall@100", f"{found.recall:.3f}", ">= 0.95", found.recall >= 0.95)
    times = f"{found.p50_ms:.2f} ms, {ratio:.2f} x that of {small.items:,}"
    yield Row(f"{what}, p50", times, "<= 1.5 x", ratio <= 1.5 and found.errors == 0)


def both_forms(found: dict[str, serving_forms.FormResult]) -> Iterator[Row]:
    """One model against one an operator."""
    fused, other = found["fused"], found["ensemble"]
    fast, slow = (form.median(serving_forms.ONE, "p50_ms") for form in (fused, other))
    told = f"p50 {fast:.2f} and {slow:.2f} ms: {other.step_ms(fused):.2f} ms a model more"
    failed = sum(one["errors"] for form in found.values() for each in form.rounds.values() for one in each)
    yield Row("fused and ensemble", told, "fused is faster", fast < slow and failed == 0)


def redeployed(path: Path, figures: list[Figure]) -> Iterator[Row]:
    """Releases that go live under load."""
    release = Release.open(path)
    with tempfile.TemporaryDirectory(dir=path.parents[2]) as folder:
        following = redeploy.others(release, Path(folder), REDEPLOYS)
        measured = redeploy.measure(release, following, RATE, UNDER_LOAD)
    figures += redeploy.figures([measured])
    _, loaded, took = measured
    p99 = loaded.summary()["p99_ms"]
    what = f"{RATE:g} requests/s, {len(took)} redeploys"
    failed = loaded.errors + loaded.unsent
    asked = len(loaded.milliseconds) + failed
    yield Row(f"{what}, failed", f"{failed} of {asked:,}", "0", failed == 0)
    yield Row(f"{what}, p99", f"{p99:.1f} ms", "<= 50 ms", p99 <= 50)


def tiered(found: tiered_store.Measured) -> Iterator[Row]:
    """Rows from a store that is larger than its memory."""
    told = f"{found.rows_per_second:,.0f} rows/s, {found.hit_rate:.1%} from memory"
    yield Row(f"{found.rows:,} rows on disk", told, ">= 200,000", found.rows_per_second >= 200_000)
    memory, cache = found.store_mb, found.page_cache_mb
    fits = memory <= found.allowed_mb and cache == 0
    yield Row("its memory, page cache", f"{memory:.0f} MB, {cache:.0f} MB", f"<= {found.allowed_mb:.0f} MB, 0", fits)


def rows(path: Path, seconds: float, rounds: int, out: Console, figures: list[Figure]) -> Iterator[Row]:
    """Measures one thing after another; all numbers that were found are added to `figures`."""
    release = Release.open(path)
    with out.status("one release ..."):
        small = serving.measure(release, seconds, rounds)
    figures += serving.figures("demo", small)
    yield from one_user(small)
    with out.status(f"{LARGE:,} items ..."):
        large = serving.measure_large(LARGE, seconds, rounds)
    figures += serving.figures("large", large)
    yield from large_catalogue(large, small)
    with out.status("both forms ..."), tempfile.TemporaryDirectory() as folder:
        forms = serving_forms.compare(release, serving.USERS, Path(folder), seconds / 2, rounds)
    figures += serving_forms.figures(forms)
    yield from both_forms(forms)
    with out.status(f"{REDEPLOYS} redeploys under load ..."):
        yield from redeployed(path, figures)
    with out.status("a store on disk ..."):
        stored = tiered_store.measure()
    figures += tiered_store.figures(stored)
    yield from tiered(stored)


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_release(parser)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    out = Console(width=150)
    table = Table("what", "found", "must be", "", title="Serving, medians of rounds", title_justify="left", box=None)
    run, figures, met = begin_run(__file__), list[Figure](), True
    try:
        for row in rows(chosen(given), given.seconds, given.rounds, out, figures):
            table.add_row(row.what, row.found, row.limit, "[green]met[/]" if row.met else "[red]missed[/]")
            met = met and row.met
    finally:  # what was found before something broke is worth knowing
        out.print(table)
        if figures:
            run.keep(figures)
    sys.exit(0 if met else 1)


if __name__ == "__main__":
    main()
