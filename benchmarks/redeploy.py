"""Releases going live while a recommender is asked: what the requests notice of it.

Usage: python benchmarks/redeploy.py [RELEASE] [--rate 200] [--seconds 60] [--redeploys 3] [--rounds 1]

RELEASE is the directory of a release, such as `.recsys/releases/demo/HASH` (the newest of the demo by default); its
feature store must be there. It is deployed on an embedded server of its own, with a decision log; then other releases
of the same parts go live one after another, each loaded, warmed up and asked for its answers first, while requests come
at a fixed rate. A request's time counts from the moment at which it was due. The programs that ask and that deploy
share the cores with the server, as they do on a small machine.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
import tempfile
import threading
import time
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.demo_release import add_release, chosen
from benchmarks.results import Figure, begin_run, smaller
from serving.client.fixed_rate_load import steady_load
from serving.client.load_test import LoadResult
from serving.release.release import MANIFEST, Release
from serving.triton.deployment.deployment import deploy, live_release
from serving.triton.deployment.target import TritonTarget
from serving.triton.repository.model_settings import ModelSettings
from serving.triton.server.server import TritonServer

USERS = list(range(1, 1001))


def others(release: Release, root: Path, number: int) -> list[Release]:
    """Releases of the same parts and of other code versions; `root` lies as deep as the folder of all releases."""
    parts = root / "parts"
    shutil.copytree(release.path, parts, ignore=shutil.ignore_patterns(MANIFEST))
    written = []
    for count in range(number):
        metadata = replace(release.manifest.metadata, code_version=f"benchmark {count}")
        written.append(Release.write(parts, root, release.name, metadata))
    return written


def measure(
    release: Release, following: list[Release], rate: float, seconds: float
) -> tuple[LoadResult, LoadResult, list[float]]:
    """Answers while nothing happens, answers while the following releases go live, and seconds that each took."""
    took: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        server = TritonServer(Path(folder, "triton"))
        try:
            settings = ModelSettings(decisions=str(Path(folder, "decisions")))
            target = TritonTarget.embedded(server, settings)
            deploy(release, target, USERS[:6])
            quiet = steady_load(target.grpc_url, release.name, USERS, 10, rate, seconds / 3)

            def redeploy() -> None:
                started = time.perf_counter()
                for number, wanted in enumerate(following):
                    time.sleep(max(0.0, started + (number + 0.3) * seconds / len(following) - time.perf_counter()))
                    began = time.perf_counter()
                    deploy(wanted, target, USERS[:6])
                    took.append(time.perf_counter() - began)

            thread = threading.Thread(target=redeploy)
            thread.start()
            loaded = steady_load(target.grpc_url, release.name, USERS, 10, rate, seconds)
            thread.join()
            live = live_release(release.name, target)
        finally:
            server.stop()
    if len(took) < len(following) or live is None or live.hash != following[-1].hash:
        raise SystemExit("not every release went live; the log above says why")
    return quiet, loaded, took


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_release(parser)
    parser.add_argument("--rate", type=float, default=200.0)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--redeploys", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=1)
    given = parser.parse_args()
    out, run, rounds = Console(), begin_run(__file__), []
    path = chosen(given)
    release = Release.open(path)
    table = Table(title=f"{given.rate:g} requests/s", title_justify="left", box=None)
    for column in ("", "requests", "failed", "p50 ms", "p99 ms", "longest ms", "went live in"):
        table.add_column(column, justify="left" if not column else "right")
    with tempfile.TemporaryDirectory(dir=path.parents[2]) as folder:
        following = others(release, Path(folder), given.redeploys)
        for _ in range(given.rounds):
            with out.status(f"{given.redeploys} redeploys in {given.seconds:g} s ..."):
                quiet, loaded, took = measure(release, following, given.rate, given.seconds)
            rounds.append((quiet, loaded, took))
            table.add_row("nothing happens", *_told(quiet), "")
            table.add_row(
                f"{len(took)} redeploys", *_told(loaded), f"{statistics.median(took):.1f} s (longest {max(took):.1f})"
            )
    out.print(table)
    run.keep(figures(rounds))


def figures(rounds: list[tuple[LoadResult, LoadResult, list[float]]]) -> list[Figure]:
    """What `measure` found, round by round, as numbers: medians of rounds, failures of all."""
    found = []
    quiet, loaded = ([each[0] for each in rounds], [each[1] for each in rounds])
    for when, loads in (("nothing happens", quiet), ("redeploys", loaded)):
        for name in ("p50", "p99"):
            value = statistics.median(load.summary()[f"{name}_ms"] for load in loads)
            found.append(smaller(f"{when}, {name}", value, "ms"))
        found.append(smaller(f"{when}, longest", max(max(load.milliseconds) for load in loads), "ms"))
        found.append(smaller(f"{when}, failed", sum(load.errors + load.unsent for load in loads)))
    seconds = [second for _, _, took in rounds for second in took]
    return [*found, smaller("went live in", statistics.median(seconds), "s")]


def _told(found: LoadResult) -> list[str]:
    numbers = found.summary()
    return [
        f"{len(found.milliseconds) + found.errors:,}",
        f"{found.errors}",
        f"{numbers['p50_ms']:.2f}",
        f"{numbers['p99_ms']:.1f}",
        f"{max(found.milliseconds):.1f}",
    ]


if __name__ == "__main__":
    main()
