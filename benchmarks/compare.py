"""Two runs of one benchmark side by side, and what has become worse.

Usage: python benchmarks/compare.py OLD NEW [--tolerance 0.1]
       python benchmarks/compare.py PROGRAM [--tolerance 0.1]

OLD and NEW are files of `benchmarks/results/`; PROGRAM, such as `etl`, stands for its two newest. A figure is worse
where it differs from the old one to its disadvantage by more than that share of the old one. The exit code is 1 then,
and 2 where there is nothing to compare.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.results import Figure, Run, newest

WORSE, BETTER = "[red]worse[/]", "[green]better[/]"


def verdict(old: Figure, new: Figure, tolerance: float) -> str:
    """`WORSE`, `BETTER`, or nothing within the tolerance and where neither is better.

    Differences are compared, not ratios: what lies below 0, or was 0, may become worse too.
    """
    if new.smaller_is_better is None:
        return ""
    lost = new.value - old.value if new.smaller_is_better else old.value - new.value
    if abs(lost) > tolerance * abs(old.value):
        return WORSE if lost > 0 else BETTER
    return ""


def comparison(old: Run, new: Run, tolerance: float) -> tuple[Table, int]:
    """The table, and how many figures are worse.

    Raises:
        ValueError: when the runs are of two programs.
    """
    if old.program != new.program:
        raise ValueError(f"{old.program} and {new.program} measure different things.")
    table = Table("what", title=new.program, title_justify="left", box=None)
    for column in ("unit", "old", "new", "new / old", ""):
        table.add_column(column, justify="left" if column in ("unit", "") else "right")
    before, after = ({(one.name, one.unit): one for one in run.figures} for run in (old, new))
    worse = 0
    for name, unit in dict.fromkeys([*before, *after]):
        was, now = before.get((name, unit)), after.get((name, unit))
        ratio, found = "", "new" if was is None else "gone"
        if was is not None and now is not None:
            ratio = f"{now.value / was.value:.3f}" if was.value > 0 and now.value >= 0 else ""
            found = verdict(was, now, tolerance)
        worse += found == WORSE
        table.add_row(escape(name), escape(unit), number(was), number(now), ratio, found)
    return table, worse


def number(figure: Figure | None) -> str:
    """Four digits that count, and all of what stands before the point."""
    if figure is None:
        return ""
    return f"{figure.value:,.0f}" if abs(figure.value) >= 1_000 else f"{figure.value:.4g}"


def heading(name: str, run: Run) -> str:
    """Where the figures of a run come from."""
    commit = "no commit known" if run.commit is None else f"commit {run.commit[:10]}"
    edited = ", with files edited since" if run.dirty else ""
    place = f"{run.machine.cpu}, {run.machine.cores} cores, {run.machine.memory_gb:g} GB, Python {run.machine.python}"
    asked = f", asked for {' '.join(run.arguments)}" if run.arguments else ""
    return f"{name}: {run.date}, {commit}{edited}; {place}{asked}"


def warnings(old: Run, new: Run) -> list[str]:
    """What makes a comparison doubtful."""
    doubts = {"The machines differ.": old.machine != new.machine}
    doubts["The programs were given different arguments."] = old.arguments != new.arguments
    return [text for text, holds in doubts.items() if holds]


def chosen(names: list[str]) -> tuple[Run, Run]:
    """The runs that two paths name, or the two newest of one program.

    Raises:
        ValueError: when there are no two.
        FileNotFoundError: when a named file is not there.
    """
    paths = [Path(name) for name in names] if len(names) == 2 else newest(names[0])
    if len(names) > 2 or len(paths) < 2:
        raise ValueError(
            f"There are no two runs of {' '.join(names)} in benchmarks/results; name two files, or one program."
        )
    return Run.read(paths[0]), Run.read(paths[1])


def main() -> None:
    """Compares and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="+", metavar="OLD NEW | PROGRAM")
    parser.add_argument("--tolerance", type=float, default=0.1)
    given = parser.parse_args()
    out = Console(width=150)
    try:
        old, new = chosen(given.runs)
        table, worse = comparison(old, new, given.tolerance)
    except (OSError, ValueError) as error:
        print(error, file=sys.stderr)
        sys.exit(2)
    for line in (heading("old", old), heading("new", new), *warnings(old, new)):
        out.print(line, soft_wrap=True, markup=False, highlight=False)
    out.print(table)
    out.print(f"{worse} of {len(new.figures)} figures are worse by more than {given.tolerance:.0%}.")
    sys.exit(1 if worse else 0)


if __name__ == "__main__":
    main()
