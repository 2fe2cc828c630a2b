"""How long `make demo` takes in a fresh clone, environment included, and how much memory all its processes need.

Usage: python benchmarks/demo.py [FOLDER]

Clones this repository into FOLDER (default: a temporary one, removed afterwards), runs `make demo` there, and prints
one line of JSON: seconds, and the largest sum of PSS (proportional set size) over all processes at any one moment.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import psutil

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.results import begin_run, smaller

ROOT = Path(__file__).resolve().parents[1]
EVERY = 1.0  # seconds between two looks


def main() -> None:
    """Runs the benchmark."""
    run = begin_run(__file__)
    with tempfile.TemporaryDirectory(prefix="demo-") as place:
        clone = Path(sys.argv[1] if len(sys.argv) > 1 else place, "clone")
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
        home = clone / ".recsys"
        environment = {**os.environ, "RECSYS_HOME": str(home)}
        peak, stop = [0.0], threading.Event()
        watcher = threading.Thread(target=watch, args=(str(home), peak, stop), daemon=True)
        watcher.start()
        begin = time.perf_counter()
        done = subprocess.run(["make", "demo"], cwd=clone, env=environment, check=False)
        seconds = time.perf_counter() - begin
        stop.set()
        watcher.join()
        subprocess.run([clone / ".venv/bin/recsys", "stop"], env=environment, check=False)
    print(json.dumps({"seconds": round(seconds, 1), "peak_pss_gb": round(peak[0], 2), "exit": done.returncode}))
    if done.returncode == 0:  # a demo that ended early was no faster
        run.keep([smaller("make demo", seconds, "s"), smaller("peak PSS of all processes", peak[0], "GB")])
    sys.exit(done.returncode)


def watch(home: str, peak: list[float], stop: threading.Event) -> None:
    """Notes the largest sum of PSS, in GB, over the processes that work for this home."""
    while not stop.wait(EVERY):
        peak[0] = max(peak[0], sum(pss(process, home) for process in psutil.process_iter()) / 1e9)


def pss(process: psutil.Process, home: str) -> int:
    """Bytes of one process; 0 for those of others and for those that are gone."""
    try:
        if process.environ().get("RECSYS_HOME") != home:
            return 0
        return int(process.memory_full_info().pss)
    except psutil.Error:
        return 0


if __name__ == "__main__":
    main()
