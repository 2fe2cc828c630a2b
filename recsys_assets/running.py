"""Whether a run of a recommender is going on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import dagster as dg

UNFINISHED = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


def running(instance: dg.DagsterInstance, name: str) -> str | None:
    """Looks for an unfinished run of this recommender's assets.

    Two runs side by side would train twice and write over each other. A run that is unfinished after 12 hours
    is taken for dead: a process that was killed never says so.

    Returns:
        The first eight characters of its id; None where there is none.
    """
    alive = dg.RunsFilter(statuses=UNFINISHED, created_after=datetime.now(UTC) - timedelta(hours=12))
    for run in instance.get_runs(alive, limit=100):
        if any(key.path[0] == name for key in run.asset_selection or ()):
            return run.run_id[:8]
    return None
