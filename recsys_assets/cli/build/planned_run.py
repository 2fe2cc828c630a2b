"""`python -m recsys_assets.cli.build.planned_run NAME WISHES`: says what a run of NAME will do, and does it.

A process of its own: it knows the whole of Dagster, which the command that waits for it need not hold as well.
"""

from __future__ import annotations

import json
import runpy
import sys
from dataclasses import asdict, dataclass
from typing import Any

from recsys_assets.blueprint.asset_names import SERVED
from recsys_assets.cli.terminal.output import EXPECTED, sentence_of
from resources.home import Home

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


@dataclass(frozen=True)
class Plan:
    """What a run will do.

    Args:
        days: the first and the last one.
        sentences: what is read and made.
        arguments: of `dagster`.
    """

    days: list[str]
    sentences: list[str]
    arguments: list[str]

    @classmethod
    def of(cls, name: str, home: Home, wishes: Wishes) -> Plan:
        """Plans a run over all days of a recommender's log.

        Raises:
            ValueError: when its YAML or its log cannot be used.
        """
        from recsys_assets.automation.refit import run_config
        from recsys_assets.component.locations import load
        from recsys_assets.lookup.find import find_recommender
        from recsys_assets.lookup.reading_plan import reading_plan

        blueprint = find_recommender(name, home)
        load(blueprint.place.base)  # what is wrong with it would only be a note in the UI
        days = [str(day) for day in blueprint.span()]
        selection = f'key:"{name}/*" and not key:"{name}/{SERVED}"'
        arguments = ["asset", "materialize", "-m", "recsys_assets.definitions"]
        arguments += ["--select", selection, "--partition-range", "...".join(days)]
        config = run_config(blueprint, wishes.refit, wishes.uncompared, wishes.drop_missing)
        arguments += ["--config-json", json.dumps(config)] if config else []
        return cls(days, reading_plan(blueprint, wishes.refit), arguments)


def command(name: str, wishes: Wishes) -> list[str]:
    """The command line of the process."""
    return [sys.executable, "-m", MODULE, name, json.dumps(asdict(wishes))]


def read(line: str) -> dict[str, Any] | None:
    """What a line of its output says of the plan: `days` and `sentences`, or `error`; None of all other lines."""
    if line.startswith(PLAN):
        found: dict[str, Any] = json.loads(line.removeprefix(PLAN))
        return found
    return {"error": json.loads(line.removeprefix(ERROR))} if line.startswith(ERROR) else None


def say(line: str) -> None:
    """Prints a line for the waiting command at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> None:
    """Plans, tells the plan, and becomes `dagster`."""
    name, wishes = sys.argv[1], Wishes(**json.loads(sys.argv[2]))
    try:
        plan = Plan.of(name, Home.from_environment(), wishes)
    except EXPECTED as error:
        say(ERROR + json.dumps(sentence_of(error)))
        raise SystemExit(1) from None
    say(PLAN + json.dumps({"days": plan.days, "sentences": plan.sentences}))
    sys.argv[1:] = plan.arguments
    runpy.run_module("dagster", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
