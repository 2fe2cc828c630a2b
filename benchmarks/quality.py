"""How good the lists are on the demo and on two public logs, fitted with several seeds.

Usage: python benchmarks/quality.py [--world demo movietweetings online_retail] [--seeds 7 1 2] [--folder FOLDER]

Runs `recsys evaluate` on a copy of each recommender's YAML in which both models have the seed. The public logs lie
where `RECSYS_SAMPLE_DATA` points, as for the examples. Printed are the means over the seeds of recall@20 and NDCG@20,
with the standard error of a mean over users, and what each seed gives.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.results import FOLDER, ROOT, Figure, begin_run
from ops_gpu.synthetic import DemoData, DemoSettings

WORLDS = {
    "demo": ROOT / "recsys_assets" / "defs" / "demo",
    "movietweetings": ROOT / "examples" / "movietweetings",
    "online_retail": ROOT / "examples" / "online_retail",
}
METRICS = ("recall@20", "ndcg@20")


def named(world: str) -> str:
    """Name of the copy: that of the demo is taken."""
    return f"{world}-seeded"


def prepare(world: str, seed: int, folder: Path) -> Path:
    """Writes the YAML of a recommender whose models have a seed, and the demo's log; where recommenders lie."""
    place = folder / f"seed-{seed}" / world
    place.mkdir(parents=True, exist_ok=True)
    given = (WORLDS[world] / "defs.yaml").read_text(encoding="utf-8")
    sample = os.environ.get("RECSYS_SAMPLE_DATA", str(ROOT.parent / "shared" / "data"))
    document = yaml.safe_load(given.replace("${RECSYS_SAMPLE_DATA:-../../../shared/data}", sample))
    document["attributes"].pop("generator", None)
    document["attributes"] |= {"name": named(world), "retrieval": {"seed": seed}, "ranking": {"seed": seed}}
    (place / "defs.yaml").write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    log = folder / "home" / "data" / "demo"
    if world == "demo" and not log.exists():
        DemoData.generate(DemoSettings()).write(log)
    return place.parent


def evaluated(world: str, seed: int, folder: Path) -> dict[str, Any]:
    """What `recsys evaluate` says."""
    places = {"RECSYS_RECOMMENDERS": str(prepare(world, seed, folder)), "RECSYS_HOME": str(folder / "home")}
    command = [sys.executable, "-c", "from recsys_assets.cli import app; app()", "evaluate", named(world), "--json"]
    done = subprocess.run(command, env={**os.environ, **places}, check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> None:
    """Runs the benchmark and prints a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--world", nargs="*", choices=sorted(WORLDS), default=list(WORLDS))
    parser.add_argument("--seeds", nargs="*", type=int, default=[7, 1, 2])
    parser.add_argument("--folder", type=Path, default=FOLDER / "quality")
    given = parser.parse_args()
    run, figures = begin_run(__file__), list[Figure]()
    table = Table(title=f"served lists, mean of the seeds {', '.join(map(str, given.seeds))}")
    for column in ("log", "metric", "mean", "standard error (users)", "of each seed"):
        table.add_column(column)
    for world in given.world:
        found = [evaluated(world, seed, given.folder.resolve())["final"] for seed in given.seeds]
        for metric in METRICS:
            values = [one[metric] for one in found]
            mean, error = statistics.mean(values), statistics.mean(one[f"{metric}_se"] for one in found)
            each = ", ".join(f"{value:.4f}" for value in values)
            table.add_row(world, metric, f"{mean:.4f}", f"{error:.4f}", each)
            figures.append(Figure(f"{world}, {metric}", mean, "", smaller_is_better=False))
    Console(width=120).print(table)
    run.keep(figures)


if __name__ == "__main__":
    main()
