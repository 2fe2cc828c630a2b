"""How long `import recsys_assets.definitions` takes, and whether it brings anything heavy.

Usage: python benchmarks/imports.py [RUNS]

Prints one line of JSON: the median of RUNS (default 5) fresh interpreters, and the heavy modules that were imported.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.results import begin_run, smaller

HEAVY = ("tensorflow", "keras", "feast", "mlflow", "faiss")
PROGRAM = f"import sys, recsys_assets.definitions; print(*(m for m in {HEAVY!r} if m in sys.modules))"


def main() -> None:
    """Runs the benchmark."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    run, seconds, heavy = begin_run(__file__), list[float](), ""
    for _ in range(runs + 1):  # the first one warms the disk cache
        begin = time.perf_counter()
        heavy = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True).stdout
        seconds.append(time.perf_counter() - begin)
    median = statistics.median(seconds[1:])
    print(json.dumps({"median_s": round(median, 2), "heavy": heavy.split()}))
    figures = [smaller("import recsys_assets.definitions", median, "s")]
    run.keep([*figures, smaller("heavy modules imported", len(heavy.split()))])


if __name__ == "__main__":
    main()
