"""Following a `dagster` process by its log lines."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from dataclasses import dataclass, field

from rich.console import Console

from recsys_assets.blueprint.asset_names import CHAIN, SERVED
from recsys_assets.cli.terminal.step_memory import StepMemory

LINE = re.compile(r" - dagster - \w+ - \S+ - (?P<run>[0-9a-f-]{36}) - (?P<rest>.*)")
EVENT = re.compile(r"(?:(?P<pid>\d+) - )?(?:(?P<step>\S+) - )?(?P<event>[A-Z][A-Z_]+) - (?P<message>.*)")


@dataclass
class Progress:
    """What a run has done so far.

    Args:
        run_id: of the run, once it has said so.
        seconds: time of every finished step, by step.
        failed: steps that failed.
        memory: what its processes took, by step, where somebody looks.
    """

    run_id: str | None = None
    seconds: dict[str, float] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)
    memory: StepMemory = field(default_factory=StepMemory)
    _begun: dict[str, float] = field(default_factory=dict)

    def follow(self, lines: Iterable[str], console: Console, prefix: str) -> list[str]:
        """Prints a line a finished step, and returns the last lines of all output.

        Args:
            lines: output of the process.
            console: where to print.
            prefix: what steps begin with, left out in print.
        """
        last: list[str] = []
        with console.status("starting ...") as spinner:
            for line in lines:
                last = [*last[-60:], line.rstrip()]
                found = self._event(line)
                if found:
                    event, step = found
                    self._take(event, step, console, prefix)
                    if event == "STEP_START":
                        spinner.update(f"{step.removeprefix(prefix)} ...")
        return last

    def _event(self, line: str) -> tuple[str, str] | None:
        entry = LINE.search(line)
        if not entry:
            return None
        self.run_id = entry["run"]
        event = EVENT.match(entry["rest"])
        return (event["event"], event["step"] or "") if event else None

    def _take(self, event: str, step: str, console: Console, prefix: str) -> None:
        name = named(step.removeprefix(prefix))
        if event == "STEP_START":
            self._begun[step], self.memory.step = time.monotonic(), step
        elif event == "STEP_SUCCESS":
            self.memory.step = ""
            self.seconds[step] = time.monotonic() - self._begun.get(step, time.monotonic())
            console.print(f"  [green]✓[/] {name} [dim]{self.seconds[step]:.1f} s[/]")
        elif event == "STEP_FAILURE":
            self.failed.append(step)
            console.print(f"  [red]✗[/] {name}")
        elif event == "STEP_SKIPPED":
            console.print(f"  [dim]- {name} (left out)[/]")


def named(step: str) -> str:
    """`release_answers_like_its_parts` is the check `answers_like_its_parts` of `release`."""
    assets = (*CHAIN, SERVED)
    asset = max((asset for asset in assets if step.startswith(f"{asset}_")), key=len, default="")
    return step if not asset or step in assets else f"[dim]{asset}: {step.removeprefix(f'{asset}_')}[/]"
