"""Where the time of a run went: a row an asset, with its checks below it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from recsys_assets.cli.terminal.output import table
from recsys_assets.cli.terminal.progress import Progress, named

if TYPE_CHECKING:
    from rich.table import Table

ROWS = ("dagster/row_count", "rows")
HEADER = ["asset or check", "seconds", "share", "rows", "rows/s", "peak MB"]


def run_table(progress: Progress, prefix: str, environment: Mapping[str, str]) -> Table:
    """The table of a run that has ended.

    Args:
        progress: what was seen of it.
        prefix: what its steps begin with, left out.
        environment: of the process that ran it, which names the instance.
    """
    counts = run_rows(progress.run_id, environment) if progress.run_id else {}
    total, rows = sum(progress.seconds.values()) or 1.0, list[list[object]]()
    for step, seconds in progress.seconds.items():
        count, peak = counts.get(step.removeprefix(prefix)), progress.memory.peaks.get(step)
        speed = f"{count / seconds:,.0f}" if count and seconds > 0 else ""
        shown = [f"{seconds:.1f}", f"{seconds / total:.0%}", f"{count:,}" if count else "", speed]
        rows.append([named(step.removeprefix(prefix)), *shown, f"{peak / 2**20:,.0f}" if peak else ""])
    return table("where the time went", HEADER, rows, " rrrrr")


def run_rows(run_id: str, environment: Mapping[str, str]) -> dict[str, int]:
    """How many rows each asset of a run has written, by its name; those that do not say are left out."""
    import dagster as dg

    os.environ.update({key: environment[key] for key in ("DAGSTER_HOME", "RECSYS_DAGSTER")})
    found: dict[str, int] = {}
    with dg.DagsterInstance.get() as instance:
        kind = dg.DagsterEventType.ASSET_MATERIALIZATION
        for record in instance.get_records_for_run(run_id, of_type=kind).records:
            made = record.event_log_entry.asset_materialization
            if made is None:
                continue
            values: list[Any] = [made.metadata[name].value for name in ROWS if name in made.metadata]
            if values and isinstance(values[0], int):
                found[made.asset_key.path[-1]] = values[0]
    return found
