"""Whether a run of a recommender is going on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import dagster as dg

from recsys_assets.chain import SERVED

UNFINISHED = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


def running(instance: dg.DagsterInstance, name: str, served: bool = False) -> str | None:
    """Looks for an unfinished run of this recommender's assets.

    Two runs side by side would train twice and write over each other. A run that is unfinished after 12 hours
    is taken for dead: a process that was killed never says so. Keeping what was served and building anew are
    nothing to each other.

    Args:
        instance: whose runs.
        name: the recommender.
        served: looks for runs that make `served_requests`, in the place of all others.

    Returns:
        The first eight characters of its id; None where there is none.
    """
    alive = dg.RunsFilter(statuses=UNFINISHED, created_after=datetime.now(UTC) - timedelta(hours=12))
    for run in instance.get_runs(alive, limit=100):
        if any(key.path[0] == name and (key.path[-1] == SERVED) is served for key in run.asset_selection or ()):
            return run.run_id[:8]
    return None
