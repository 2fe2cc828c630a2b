"""What a run is asked for, and how it tells of its plan: all that the command that waits for it knows of it."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass
from typing import Any

MODULE = "recsys_assets.cli.build.planned_run"
PLAN, ERROR = "recsys plan: ", "recsys error: "
"""What the lines begin with that the waiting command reads."""


@dataclass(frozen=True)
class Wishes:
    """What is wished for.

    Args:
        refit: whether vocabularies and models are fitted anew.
        uncompared: whether the release is not compared with what is live.
        drop_missing: whether events of files that are gone are let go.
    """

    refit: bool = True
    uncompared: bool = False
    drop_missing: bool = False


def command(name: str, wishes: Wishes) -> list[str]:
    """The command line of a run, a process of its own: it knows the whole of Dagster."""
    return [sys.executable, "-m", MODULE, name, json.dumps(asdict(wishes))]


def plan_in(line: str) -> dict[str, Any] | None:
    """What a line of its output says of the plan: `days` and `sentences`, or `error`; None of all other lines."""
    if line.startswith(PLAN):
        found: dict[str, Any] = json.loads(line.removeprefix(PLAN))
        return found
    return {"error": json.loads(line.removeprefix(ERROR))} if line.startswith(ERROR) else None


def tell(mark: str, values: Any) -> None:
    """Prints a line for the waiting command at once; whoever printed before may have left a line unended."""
    sys.stdout.write(f"\n{mark}{json.dumps(values)}\n")
    sys.stdout.flush()
