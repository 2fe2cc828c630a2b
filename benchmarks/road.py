"""What a day costs, and a year of days: generated logs of several sizes through the assets of a recommender.

Usage: python benchmarks/road.py [--part PART ...] [--folder FOLDER] [--events N] [--days N] [--users N] [--items N]
                                [--world road|demo]

Logs are made once and kept in FOLDER (default: `benchmarks/results/road`), as are homes, so that a part that was cut
off goes on where it was. Every part says which it needs before it. Memory is the largest sum of PSS (proportional set
size) over all processes at any one moment.

- `data`: all that comes before `features`, over all days;
- `features`: the feature rows of all days in one run, and how long the last tenth of them took beside the first; then
  the first, the middle and the last day alone, each in a fresh process whose start does not count, and the same ratio;
- `chain`: `recsys materialize` in a home of its own, from the raw files to the live answer, with what every asset took;
- `day` (after `chain`, in one command with it if the server is to be one that answers already): one more day through
  the whole chain, as the sensor asks for it, with what every asset took.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path

import pyarrow.parquet as pq
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.demo import watch
from benchmarks.demo_world import DemoWorld
from benchmarks.results import FOLDER, Figure, begin_run, smaller
from benchmarks.road_world import FIRST, RoadWorld
from recsys_assets.blueprint.asset_names import CHAIN
from recsys_assets.cli.terminal.progress import Progress
from resources.home import Home

DAGSTER = (sys.executable, "-m", "dagster", "asset", "materialize", "-m", "recsys_assets.definitions")
RUNS = 3
BESIDE_LISTS = "feature_store"
"""Made before them in a run, and read by what answers alone: no way leads from it to the lists."""
BEFORE_LISTS = (*CHAIN[: CHAIN.index("retrieval_model")], "training_lists")


@dataclass(frozen=True)
class Road:
    """A log on disk and the home that its recommender is built in.

    Args:
        world: how large it is.
        folder: of both.
    """

    world: RoadWorld | DemoWorld
    folder: Path

    @property
    def last(self) -> date:
        """The newest day."""
        return FIRST + timedelta(self.world.days - 1)

    def materialize(self, assets: Sequence[str], first: date | None = None, last: date | None = None) -> Cost:
        """Materializes assets in a process of their own; of daily ones these days."""
        selection = " or ".join(f'key:"{self.world.name}/{asset}"' for asset in assets)
        days = ["--partition-range", f"{first}...{last or first}"] if first else []
        return self._run([*DAGSTER, "--select", selection, *days])

    def daily_run(self, day: date) -> Cost:
        """Everything from one day's interactions to the live release, in a run as the sensor asks for it."""
        return self.materialize(CHAIN, day)

    def recsys(self, *arguments: str) -> Cost:
        """Runs the command."""
        return self._run([sys.executable, "-c", "from recsys_assets.cli import app; app()", *arguments])

    def _run(self, command: Sequence[str]) -> Cost:
        home = str(self.folder / "home")
        environment = {
            **os.environ,
            "RECSYS_HOME": home,
            "RECSYS_RECOMMENDERS": str(self.folder / self.world.name),
            "DAGSTER_HOME": f"{home}/dagster",
        }
        Path(environment["DAGSTER_HOME"]).mkdir(parents=True, exist_ok=True)
        peak, stop, progress = [0.0], threading.Event(), Progress()
        watcher = threading.Thread(target=watch, args=(home, peak, stop), daemon=True)
        watcher.start()
        begin = time.perf_counter()
        with subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as process:
            assert process.stdout is not None
            with progress.memory.of(process.pid):
                last = progress.follow(process.stdout, Console(quiet=True), f"{self.world.name.replace('-', '_')}__")
        seconds = time.perf_counter() - begin
        stop.set()
        watcher.join()
        if process.returncode:
            raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}:\n" + "\n".join(last))
        return Cost(seconds, peak[0], *_assets(progress, last))


@dataclass(frozen=True)
class Cost:
    """Of one run.

    Args:
        seconds: of the wall clock, with the start of the process.
        peak_gb: largest sum of PSS.
        assets: seconds of each step.
        peaks: bytes that were resident in each step.
    """

    seconds: float
    peak_gb: float
    assets: Mapping[str, float] = field(default_factory=dict)
    peaks: Mapping[str, int] = field(default_factory=dict)


def _assets(progress: Progress, last: Sequence[str]) -> tuple[dict[str, float], dict[str, int]]:
    """Seconds and bytes by step: as the command tells them, or as its run was seen."""
    if last and last[-1].startswith("{"):
        said = json.loads(last[-1])
        return said["assets"], said["peak_bytes"]
    seconds = {step.partition("__")[2]: value for step, value in progress.seconds.items()}
    return seconds, {step.partition("__")[2]: value for step, value in progress.memory.peaks.items()}


Line = tuple[str, str, tuple[Figure, ...]]


def data(road: Road) -> list[Line]:
    """Everything that `features` reads, an asset after the other."""
    lines = []
    for asset in ("interactions", "users", "items", "statistics", "item_state", "workflow", "schema"):
        daily = asset not in ("users", "items", "workflow", "schema")
        cost = road.materialize([asset], *((FIRST, road.last) if daily else ()))
        lines.append(_line(asset, cost, road.world.events if daily else None))
    return lines


def features(road: Road) -> list[Line]:
    """All days at once, and single ones."""
    cost = road.materialize(["features"], FIRST, road.last)
    lines, alone = [_line("features", cost, road.world.events)], dict[str, float]()
    tenth = max(road.world.days // 10, 2)
    pace = _a_row(road, road.world.days - tenth, road.world.days) / _a_row(road, 0, tenth)
    lines.append(("a row at the end / at the beginning, one run", f"{pace:.2f} x", (smaller("features, pace", pace),)))
    for name, number in (("first", 1), ("middle", road.world.days // 2), ("last", road.world.days - 1)):
        day = FIRST + timedelta(number)
        costs = [road.materialize(["features"], day) for _ in range(RUNS)]
        alone[name] = statistics.median(one.assets["features"] for one in costs)
        said = f"features of the {name} day alone"
        lines.append((said, f"{alone[name]:.2f} s", (smaller(said, alone[name], "s"),)))
    ratio = alone["last"] / alone["first"]
    lines.append(("last day / first day", f"{ratio:.2f} x", (smaller("features, last day / first day", ratio),)))
    return lines


def _a_row(road: Road, first: int, end: int) -> float:
    """Seconds from one feature row to the next over some days, by when their files were written."""
    folder = Home(road.folder / "home").features_folder(road.world.name)
    files = [folder / f"{FIRST + timedelta(number)}.parquet" for number in range(first, end)]
    seconds = files[-1].stat().st_mtime - files[0].stat().st_mtime
    return seconds / sum(int(pq.read_metadata(path).num_rows) for path in files[1:])


def chain(road: Road) -> list[Line]:
    """From nothing to the live answer."""
    return _timed(road, "whole chain", road.recsys("materialize", road.world.name, "--json"))


def day(road: Road) -> list[Line]:
    """One more day of the log, and everything that follows from it."""
    newest = road.world.append(road.folder / road.world.name)
    return _timed(road, "one more day", road.daily_run(newest))


def _timed(road: Road, what: str, cost: Cost) -> list[Line]:
    """The whole, and each asset with its checks."""
    lines = [_line(what, cost, road.world.events)]
    to_lists = [asset for asset in BEFORE_LISTS if asset != BESIDE_LISTS]
    for assets, beside in ((to_lists, ""), (BEFORE_LISTS, f", and {BESIDE_LISTS}")):
        lists = sum(seconds for step, seconds in cost.assets.items() if _is_of(step, assets))
        said = f"{what}, up to and with training_lists, without retrieval_model{beside}"
        lines.append((said, f"{lists:.1f} s", (smaller(said, lists, "s"),)))
    for asset, seconds in cost.assets.items():
        peak = cost.peaks.get(asset, 0) / 1e9
        said = f"{what}, {asset}"
        lines.append((said, f"{seconds:.1f} s, {peak:.2f} GB", (smaller(said, seconds, "s"),)))
    return lines


def _is_of(step: str, assets: Sequence[str]) -> bool:
    """Whether a step is one of some assets or a check of it."""
    return any(step == asset or step.startswith(f"{asset}_") for asset in assets)


PARTS: dict[str, Callable[[Road], list[Line]]] = {"data": data, "features": features, "chain": chain, "day": day}


def _line(asset: str, cost: Cost, events: int | None) -> Line:
    speed = f", {events / cost.seconds:,.0f} events/s" if events else ""
    figures = (smaller(asset, cost.seconds, "s"), smaller(f"{asset}, peak PSS", cost.peak_gb, "GB"))
    return asset, f"{cost.seconds:.1f} s{speed}, {cost.peak_gb:.2f} GB", figures


def main() -> None:
    """Runs the parts and prints a table of each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--part", nargs="*", choices=sorted(PARTS), default=list(PARTS))
    parser.add_argument("--folder", type=Path, default=FOLDER / "road")
    parser.add_argument("--world", choices=("road", "demo"), default="road", help="demo: its log, a day held back")
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--users", type=int, default=150_000)
    parser.add_argument("--items", type=int, default=50_000)
    given = parser.parse_args()
    run, out, figures = begin_run(__file__), Console(width=120), list[Figure]()
    road_world = RoadWorld(given.events, given.users, given.items, given.days)
    world = DemoWorld() if given.world == "demo" else road_world
    road = Road(world, given.folder.resolve() / world.name)
    world.write(road.folder / world.name)
    try:
        for part in given.part:
            table = Table(title=f"{part}: {world.events:,} events, {world.days} days")
            table.add_column("what")
            table.add_column("measured", justify="right")
            for what, measured, found in PARTS[part](road):
                table.add_row(what, measured)
                figures += [replace(figure, name=f"{world.label}{figure.name}") for figure in found]
            out.print(table)
    finally:
        road.recsys("stop")  # not before: of a recommender in use a day is added to what answers
    run.keep(figures)


if __name__ == "__main__":
    main()
