"""`recsys materialize`: everything of one recommender, from its raw logs to the live answer."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from recsys_assets.automation.run_lock import RunLock
from recsys_assets.cli.build.wishes import Wishes, command, plan_in
from recsys_assets.cli.terminal.output import Json, console, emit, fail, sentences
from recsys_assets.cli.terminal.progress import Progress
from recsys_assets.cli.terminal.run_table import run_table
from recsys_assets.lookup.decided import decided, told
from resources.dagster_home import dagster_environment
from resources.home import Home

if TYPE_CHECKING:
    from serving.triton.repository.live_release import LiveRelease

Keep = Annotated[
    bool, typer.Option("--continue", help="Continue vocabularies and models instead of fitting them anew.")
]
Uncompared = Annotated[
    bool, typer.Option("--uncompared", help="Release without a comparison with what is live, as if nothing were.")
]
DropMissing = Annotated[bool, typer.Option("--drop-missing", help="Let go of events whose files are gone.")]
TO_END_S = 5.0
"""How long an interrupted command is given before it is told again."""
MATERIALIZE = (sys.executable, "-m", "dagster", "asset", "materialize", "-m", "recsys_assets.definitions")


def materialize(
    name: str,
    keep: Keep = False,
    uncompared: Uncompared = False,
    drop_missing: DropMissing = False,
    as_json: Json = False,
) -> None:
    """Materialize all assets of NAME over all days of its log, and deploy the release.

    Where too few users chose anything new to judge a release by, data and features are made and nothing is released.
    """
    home, out = Home.from_environment(), console(as_json)
    with sentences(as_json):
        started, planned = time.monotonic(), dict[str, Any]()

        def tell(plan: Mapping[str, Any]) -> None:
            planned.update(plan)
            if "error" not in plan:
                _announce(name, home, plan, out)

        environment = dagster_environment(home)
        wishes = Wishes(not keep, uncompared, drop_missing)
        progress, failure = run(command(name, wishes), environment, out, name, tell)
        if "error" in planned:
            fail(planned["error"], as_json)
        notes = _notes(progress, environment)
        for note in notes:
            out.print(f"[yellow]{escape(note)}[/]", soft_wrap=True)
        if failure:
            fail(failure, as_json)
        seconds = time.monotonic() - started
        out.print(run_table(progress, _prefix(name), environment))
        reason, live = _left_out(progress, environment), _live(name)
        if reason:
            out.print(f"[yellow]{escape(reason)}[/]", soft_wrap=True)
        elif live is None:
            raise RuntimeError(f"All assets of {name!r} were materialized, but no release of it is live.")
        if live:
            out.print(f"release [bold]{live.hash[:12]}[/] is {'still ' if reason else ''}live, after {seconds:.0f} s")
        values = decided(name, home, live)
        for sentence in told(name, {**values, "candidate": live.challenger if live else None}):
            out.print(escape(sentence), soft_wrap=True)
        if as_json:
            steps = {step.partition("__")[2]: round(value, 3) for step, value in progress.seconds.items()}
            release = live.hash if live else None
            peaks = {step.partition("__")[2]: peak for step, peak in progress.memory.peaks.items()}
            done = {
                "name": name,
                "days": planned.get("days"),
                "release": release,
                "left_out": reason,
                "seconds": round(seconds, 1),
            }
            done["notes"] = notes
            emit({**done, "assets": steps, "peak_bytes": peaks, **values})


def _announce(name: str, home: Home, plan: Mapping[str, Any], out: Console) -> None:
    """Says what a run will do, before it begins."""
    out.print(f"[bold]{name}[/]: {plan['days'][0]} to {plan['days'][1]}, under {home.root}")
    for sentence in plan["sentences"]:
        out.print(f"[dim]{escape(sentence)}[/]", soft_wrap=True)
    if holder := RunLock.of(home, name).holder():
        out.print(f"[yellow]{holder} builds {name} now; waits until it is done.[/]", soft_wrap=True)


def run(
    command: Sequence[str],
    environment: Mapping[str, str],
    out: Console,
    name: str,
    tell: Callable[[Mapping[str, Any]], None] = lambda plan: None,
) -> tuple[Progress, str | None]:
    """Runs a Dagster command and prints a line a step; the second value says why it failed.

    `tell` is called with what the command says of its plan.

    Interrupted (Ctrl-C), it ends the command too, which notes that its run was interrupted.
    """
    progress = Progress()
    with subprocess.Popen(
        command,
        env=dict(environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        assert process.stdout is not None
        try:
            with progress.memory.of(process.pid):
                last = progress.follow(_told(process.stdout, tell), out, _prefix(name))
        except KeyboardInterrupt:
            _end(process)
            raise
    if process.returncode == 0:
        return progress, None
    return progress, _reason(progress, last, environment)


def _told(lines: Iterable[str], tell: Callable[[Mapping[str, Any]], None]) -> Iterator[str]:
    """All lines but those that tell of the plan."""
    for line in lines:
        if (plan := plan_in(line)) is None:
            yield line
        else:
            tell(plan)


def _prefix(name: str) -> str:
    """What the steps of a recommender begin with."""
    return f"{name.replace('-', '_')}__"


def _end(process: subprocess.Popen[str]) -> None:
    """Ends an interrupted command; a terminal has interrupted it already.

    What it still says is read: else it would wait for a reader.
    """
    with suppress(subprocess.TimeoutExpired):
        process.communicate(timeout=TO_END_S)
        return
    process.terminate()
    process.communicate()


def _reason(progress: Progress, last: Sequence[str], environment: Mapping[str, str]) -> str:
    from recsys_assets.cli.terminal.run_failure import run_failure

    found = run_failure(progress.run_id, environment) if progress.run_id else []
    if found:
        return f"{' '.join(found)} What was live stays live; see the run in the UI (make ui)."
    return "Dagster ended without saying why; its last lines:\n" + "\n".join(last)


def _left_out(progress: Progress, environment: Mapping[str, str]) -> str | None:
    """Why the run has released nothing, though it ended well."""
    from recsys_assets.cli.terminal.run_failure import run_left_out

    return run_left_out(progress.run_id, environment) if progress.run_id else None


def _notes(progress: Progress, environment: Mapping[str, str]) -> list[str]:
    """What the run has noted about the raw log."""
    from recsys_assets.cli.terminal.run_failure import run_notes

    return run_notes(progress.run_id, environment) if progress.run_id else []


def _live(name: str) -> LiveRelease | None:
    from resources.configured import configured

    return configured(Home.from_environment()).triton.live(name)
