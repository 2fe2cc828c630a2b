"""What a benchmark found, kept as a file that can be compared: figures, commit, moment and machine.

A program notes at its beginning what it measures, and at its end what it found:

    run = begin_run(__file__)
    ...
    run.keep([smaller("1 client, p50", 1.93, "ms"), larger("16 clients", 812.0, "requests/s")])

The files lie in `benchmarks/results/`, which git ignores; `compare.py` holds two of them side by side.
"""

from __future__ import annotations

import json
import platform
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import psutil

from ops_gpu.primitives.atomic_file import write_text

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "benchmarks" / "results"
CPUS = Path("/proc/cpuinfo")


@dataclass(frozen=True)
class Figure:
    """One number of a table.

    Args:
        name: says what was measured, the same in every run of the program.
        value: median of the rounds, where there are several.
        unit: of the value; empty for counts and ratios.
        smaller_is_better: or larger; None where neither is, and the number is there to be read.
    """

    name: str
    value: float
    unit: str
    smaller_is_better: bool | None


@dataclass(frozen=True)
class Machine:
    """What a figure depends on, of the machine.

    Args:
        cpu: its model.
        cores: as the system counts them.
        memory_gb: of the whole machine.
        python: the version.
    """

    cpu: str
    cores: int
    memory_gb: float
    python: str

    @classmethod
    def here(cls) -> Machine:
        """This one."""
        lines = CPUS.read_text(encoding="utf-8").splitlines() if CPUS.exists() else []
        models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
        memory_gb = round(psutil.virtual_memory().total / 1e9, 1)
        cpu = models[0] if models else platform.machine()
        return cls(cpu, psutil.cpu_count() or 1, memory_gb, platform.python_version())


@dataclass(frozen=True)
class Run:
    """One run of a program.

    Args:
        program: the name of its file, without `.py`.
        commit: of the checkout; None where there is no git.
        dirty: whether files were not as they are in that commit; None likewise.
        date: when it began, UTC, `YYYY-MM-DDTHH:MM:SSZ`.
        machine: on which it ran.
        arguments: that the program was given.
        figures: what it found; none as long as it runs.
    """

    program: str
    commit: str | None
    dirty: bool | None
    date: str
    machine: Machine
    arguments: tuple[str, ...]
    figures: tuple[Figure, ...] = ()

    def keep(self, figures: Sequence[Figure]) -> Path:
        """Writes what was found, and says where on the error output: the output may be read by a program.

        Raises:
            ValueError: when two figures have the same name.
        """
        names = [figure.name for figure in figures]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"Two figures of {self.program} are called {twice[0]!r}.")
        moment = self.date.translate(str.maketrans("", "", "-:"))
        edited = "-edited" if self.dirty else ""
        path = FOLDER / f"{self.program}-{moment}-{(self.commit or 'unknown')[:10]}{edited}.json"
        content = asdict(replace(self, figures=tuple(figures)))
        write_text(path, json.dumps(content, indent=1, ensure_ascii=False) + "\n")
        print(f"figures: {path}", file=sys.stderr)
        return path

    @classmethod
    def read(cls, path: Path) -> Run:
        """Reads what `keep` wrote.

        Raises:
            ValueError: when the file is not one of these.
        """
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            content["machine"] = Machine(**content["machine"])
            content["arguments"] = tuple(content["arguments"])
            content["figures"] = tuple(Figure(**figure) for figure in content["figures"])
            return cls(**content)
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"{path} does not hold the figures of a benchmark: {error!r}") from None


def smaller(name: str, value: float, unit: str = "") -> Figure:
    """A figure of which less is better, such as milliseconds."""
    return Figure(name, float(value), unit, smaller_is_better=True)


def larger(name: str, value: float, unit: str = "") -> Figure:
    """A figure of which more is better, such as requests a second."""
    return Figure(name, float(value), unit, smaller_is_better=False)


def fact(name: str, value: float, unit: str = "") -> Figure:
    """A figure that no run is better or worse by, such as a number of items."""
    return Figure(name, float(value), unit, smaller_is_better=None)


def begin_run(file: str) -> Run:
    """The run of a program that begins now; `file` is its `__file__`."""
    commit, changes = _git("rev-parse", "HEAD"), _git("status", "--porcelain")
    date = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    dirty = None if changes is None else changes != ""
    return Run(Path(file).stem, commit, dirty, date, Machine.here(), tuple(sys.argv[1:]))


def newest(program: str, count: int = 2) -> list[Path]:
    """The newest files of a program, the oldest of them first; names begin with the moment, and sort by it."""
    return sorted(FOLDER.glob(f"{program}-*.json"))[-count:]


def _git(*arguments: str) -> str | None:
    try:
        done = subprocess.run(["git", "-C", str(ROOT), *arguments], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None
