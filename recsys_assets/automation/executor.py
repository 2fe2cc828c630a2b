"""The executor of all runs: in one process, and one run of a recommender at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import dagster as dg

from recsys_assets.automation.free_memory import GiveBack, keep_little
from recsys_assets.automation.run_lock import Holder, RunLock
from recsys_assets.blueprint.asset_names import SERVED
from resources.home import Home

if TYPE_CHECKING:
    from dagster._core.execution.context.system import PlanOrchestrationContext
    from dagster._core.execution.plan.plan import ExecutionPlan

SENSOR, SCHEDULE = "dagster/sensor_name", "dagster/schedule_name"
SCHEMA: Any = dg.in_process_executor.config_schema  # of a private class
AUTOMATION, BACKFILL = "dagster/from_automation_condition", "dagster/backfill"


class OneRunAtATime(dg.Executor):
    """Runs the steps by another executor, while no other run of the same recommenders is going.

    Two runs side by side would write the same files and read each other's halves: the command line beside the daemon,
    an automation condition beside the sensor. The second one waits, and says for whom; a run whose process was killed
    holds nothing back.

    Args:
        inner: what runs the steps.
        home: where the recommenders lie.
    """

    def __init__(self, inner: dg.Executor, home: Home) -> None:
        self._inner = inner
        self._home = home

    @property
    def retries(self) -> Any:
        """How steps are tried again: as the inner one does."""
        return self._inner.retries

    @property
    def step_dependency_config(self) -> Any:
        """How steps wait for each other: as with the inner one."""
        return self._inner.step_dependency_config

    def execute(
        self, plan_context: PlanOrchestrationContext, execution_plan: ExecutionPlan
    ) -> Iterator[dg.DagsterEvent]:
        """Waits for the recommenders of the run, one after another in the order of their names, and runs the steps.

        That the run lives is shown to all of them first: whoever looks at the last one while it waits for the first
        would take it for dead. The waiting can be interrupted, as the steps can.
        """
        keep_little()
        give_back = GiveBack()
        run, named = plan_context.dagster_run, sorted(_recommenders(plan_context))
        locks = [(name, RunLock.of(self._home, name, served)) for name, served in named]
        with ExitStack() as held:
            with dg.raise_execution_interrupts():
                for _, lock in locks:
                    held.enter_context(lock.alive(run.run_id))
                for name, lock in locks:

                    def waiting(holder: Holder | None, name: str = name) -> None:
                        plan_context.log.warning(f"Waits for {holder or 'another run'}, which builds {name} now.")

                    held.enter_context(lock.taken(run.run_id, started_by(run.tags), waiting))
            for event in self._inner.execute(plan_context, execution_plan):
                yield event
                if event.is_step_success:
                    give_back()


def started_by(tags: dict[str, str] | Any) -> str:
    """Who asked for a run, in words, by its tags."""
    if SENSOR in tags and AUTOMATION not in tags:
        return f"the sensor {tags[SENSOR]}"
    if SCHEDULE in tags:
        return f"the schedule {tags[SCHEDULE]}"
    if AUTOMATION in tags:
        return "an automation condition"
    return "a backfill" if BACKFILL in tags else "a command or the UI"


def _recommenders(context: PlanOrchestrationContext) -> set[tuple[str, bool]]:
    """Names of the recommenders of a run, and whether it keeps what they served."""
    layer = context.job.get_definition().asset_layer
    run = context.dagster_run
    chosen = {*(run.asset_selection or ()), *(key.asset_key for key in run.asset_check_selection or ())}
    keys = chosen or set(layer.selected_asset_keys)
    return {(key.path[0], key.path[-1] == SERVED) for key in keys}


@dg.executor(name="in_process", config_schema=SCHEMA)
def one_run_at_a_time(context: dg.InitExecutorContext) -> dg.Executor:
    """A launched run is a process of its own already; another one a step would import everything anew."""
    inner = dg.in_process_executor.executor_creation_fn
    assert inner is not None
    return OneRunAtATime(inner(context), Home.from_environment())
