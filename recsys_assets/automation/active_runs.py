"""Whether a run of a recommender is going on."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import dagster as dg

from recsys_assets.automation.run_lock import RunLock
from recsys_assets.blueprint.asset_names import SERVED
from recsys_assets.blueprint.blueprint import Blueprint

UNFINISHED = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]
TO_START = timedelta(minutes=5)
"""How long a run may take from being asked for, or leaving the queue, to its first sign of life.

Its process imports everything first.
"""
TO_END_S = 5.0
"""How long a run that shows no sign of life any more is given until its end is noted."""
DEAD = "The process of this run has ended without a word (killed, or the machine was restarted)."


def active_run(instance: dg.DagsterInstance, blueprint: Blueprint, served: bool = False) -> str | None:
    """Looks for a run of this recommender's assets that lives: at work, waiting, queued, or just asked for.

    A run whose process is dead, as after a hard kill, is noted as failed, so that nothing waits for it any more.
    Keeping what was served and building anew are nothing to each other.

    Args:
        instance: whose runs.
        blueprint: the recommender.
        served: looks for runs that make `served_requests`, in the place of all others.

    Returns:
        Who it is, in words; None where there is none.
    """
    lock = RunLock.of(blueprint.home, blueprint.name, served)
    holder, going, gone = lock.holder(), None, dict[str, bool | None]()
    for record in instance.get_run_records(dg.RunsFilter(statuses=UNFINISHED), limit=1_000):
        run = record.dagster_run
        if (holder and run.run_id == holder.run_id) or not _concerns(run, blueprint.name, served):
            continue
        alive = lock.is_alive(run.run_id)
        if alive or (alive is None and (run.status is dg.DagsterRunStatus.QUEUED or _young(record))):
            going = going or f"run {run.run_id[:8]}"
        else:
            gone[run.run_id] = alive
    _note_deaths(instance, lock, gone)
    return str(holder) if holder else going


def _note_deaths(instance: dg.DagsterInstance, lock: RunLock, gone: Mapping[str, bool | None]) -> None:
    """Notes runs as failed whose process is dead, by their id, and whether they left a sign of life.

    One that left none may just have ended well, and is looked at once more.
    """
    if None in gone.values():
        time.sleep(TO_END_S)
    for run_id in gone:
        run = instance.get_run_by_id(run_id)
        if run and run.status in UNFINISHED and not lock.is_alive(run_id):
            instance.report_run_failed(run, DEAD)
            lock.bury(run_id)


def _concerns(run: dg.DagsterRun, name: str, served: bool) -> bool:
    keys = run.asset_selection or ()
    return any(key.path[0] == name and (key.path[-1] == SERVED) is served for key in keys)


def _young(record: dg.RunRecord) -> bool:
    """Whether a run may still be on its way to its first sign of life; it may have been queued for long before."""
    return datetime.now(UTC) - max(record.create_timestamp, record.update_timestamp) < TO_START
