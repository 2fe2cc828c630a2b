"""`python -m recsys_assets.cli.build.planned_run NAME WISHES`: says what a run of NAME will do, and does it.

A process of its own, which nothing imports: it knows the whole of Dagster, and the command that waits for it need not.
"""

from __future__ import annotations

import json
import runpy
import sys
from dataclasses import dataclass

from recsys_assets.blueprint.asset_names import SERVED
from recsys_assets.cli.build.wishes import ERROR, PLAN, Wishes, tell
from recsys_assets.cli.terminal.output import EXPECTED, sentence_of
from resources.home import Home


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


def main() -> None:
    """Plans, tells the plan, and becomes `dagster`."""
    name, wishes = sys.argv[1], Wishes(**json.loads(sys.argv[2]))
    try:
        plan = Plan.of(name, Home.from_environment(), wishes)
    except EXPECTED as error:
        tell(ERROR, sentence_of(error))
        raise SystemExit(1) from None
    tell(PLAN, {"days": plan.days, "sentences": plan.sentences})
    sys.argv[1:] = plan.arguments
    runpy.run_module("dagster", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
