"""Draws what `road.py` found: cost against the size of the log, on logarithmic axes.

Usage: python benchmarks/road_plot.py [--out docs/day_cost.png]

Reads the newest figures of every size that there are in `benchmarks/results/`. A straight line at 45 degrees, drawn
through the smallest size, is a cost that grows as the log does.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.results import FOLDER, ROOT, Run
from benchmarks.road_world import SIZE

DRAWN = {
    "whole chain": "the whole chain",
    "whole chain, retrieval_model": "of it the retrieval model",
    "features": "features of all days",
    "one more day": "one more day, up to the live release",
    "features of the last day alone": "features of one day",
}


def figures() -> dict[str, dict[float, float]]:
    """Seconds by what was measured and millions of events; the newest of each."""
    found: dict[str, dict[float, float]] = {}
    for path in sorted(FOLDER.glob("road-*.json")):
        for figure in Run.read(path).figures:
            size, apart, name = figure.name.partition(SIZE)
            if apart and figure.unit == "s" and name in DRAWN:
                found.setdefault(name, {})[float(size)] = figure.value
    return found


def draw(found: Mapping[str, Mapping[float, float]], out: Path) -> None:
    """Writes the picture."""
    mpl.use("Agg")
    figure, axes = plt.subplots(figsize=(7.5, 4.5), dpi=130)
    for name, seconds in found.items():
        sizes = sorted(seconds)
        [line] = axes.plot(sizes, [seconds[size] for size in sizes], marker="o", label=DRAWN[name])
        if len(sizes) > 1:
            linear = [seconds[sizes[0]] * size / sizes[0] for size in sizes]
            axes.plot(sizes, linear, linestyle=":", linewidth=1, color=line.get_color())
    axes.set(xscale="log", yscale="log", xlabel="million events, over 365 days", ylabel="seconds, 2 cores")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter("{x:g}")
    axes.set_xticks(sorted({size for seconds in found.values() for size in seconds}))
    axes.minorticks_off()
    axes.grid(visible=True, which="both", alpha=0.2)
    axes.legend(frameon=False, fontsize=8)
    figure.tight_layout()
    figure.savefig(out)
    plt.close(figure)


def main() -> None:
    """Draws what there is."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "day_cost.png")
    given, found = parser.parse_args(), figures()
    if not found:
        raise SystemExit(f"there are no figures of road.py in {FOLDER}; run it first.")
    draw(found, given.out)
    print(given.out)


if __name__ == "__main__":
    main()
