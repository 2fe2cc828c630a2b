"""Whether a run of a recommender is going on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import dagster as dg

from recsys_assets.blueprint import Blueprint
from recsys_assets.chain import SERVED
from recsys_assets.run_lock import RunLock

UNFINISHED = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]
TO_START = timedelta(minutes=5)
"""How long a run may take from being asked for to its first sign of life: its process imports everything first."""
DEAD = "The process of this run has ended without a word (killed, or the machine was restarted)."


def running(instance: dg.DagsterInstance, plan: Blueprint, served: bool = False) -> str | None:
    """Looks for a run of this recommender's assets that lives: at work, waiting, queued, or just asked for.

    A run whose process is dead, as after a hard kill, is noted as failed, so that nothing waits for it any more.
    Keeping what was served and building anew are nothing to each other.

    Args:
        instance: whose runs.
        plan: the recommender.
        served: looks for runs that make `served_requests`, in the place of all others.

    Returns:
        Who it is, in words; None where there is none.
    """
    lock = RunLock.of(plan.home, plan.name, served)
    holder, going = lock.holder(), None
    for record in instance.get_run_records(dg.RunsFilter(statuses=UNFINISHED), limit=1_000):
        run = record.dagster_run
        if (holder and run.run_id == holder.run_id) or not _concerns(run, plan.name, served):
            continue
        alive = lock.is_alive(run.run_id)
        if alive or (alive is None and (run.status is dg.DagsterRunStatus.QUEUED or _young(record))):
            going = going or f"run {run.run_id[:8]}"
        else:
            instance.report_run_failed(run, DEAD)
            lock.bury(run.run_id)
    return str(holder) if holder else going


def _concerns(run: dg.DagsterRun, name: str, served: bool) -> bool:
    keys = run.asset_selection or ()
    return any(key.path[0] == name and (key.path[-1] == SERVED) is served for key in keys)


def _young(record: dg.RunRecord) -> bool:
    """Whether a run may still be on its way to its first sign of life."""
    return datetime.now(UTC) - record.create_timestamp < TO_START
