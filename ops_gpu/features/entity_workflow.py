"""Workflows over interactions with the features of their users and items: fitted, and continued."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import polars as pl

from ops_gpu.engines.engine import Engine
from ops_gpu.schema.raw_schema import joined
from ops_gpu.workflow.statistics import Statistics
from ops_gpu.workflow.workflow import Workflow

DAY = "__day__"


def fit_workflow(
    interactions: pl.DataFrame,
    users: pl.DataFrame,
    items: pl.DataFrame,
    workflow: Workflow,
    engine: Engine | None = None,
) -> Workflow:
    """Fits a workflow anew, level by level; users and items without an event get codes too, at the end.

    Scales of what depends on the moment are those of rows as they stood at the beginning of their day.

    Args:
        interactions: canonical; all that may be learned from, and nothing else.
        users: all that are to have a code.
        items: all that are to have a code.
        workflow: of any graph; what it knew before is forgotten.
        engine: where to compute; this process by default.

    Returns:
        The workflow.
    """
    fitted = workflow.fit(joined(interactions, users, items), engine)
    assert fitted.statistics is not None  # it was fitted here
    known = learn(fitted, [fitted.statistics], users, items)
    if not known.as_of_scales:
        return known
    by_day = interactions.sort("timestamp").with_columns(pl.col("timestamp").dt.date().alias(DAY))
    days = [day for day in by_day.partition_by(DAY, maintain_order=True, include_key=False) if day.height]
    return with_as_of_scales(known, lambda: (joined(day, users, items) for day in days))


def with_as_of_scales(workflow: Workflow, days: Callable[[], Iterable[pl.DataFrame]]) -> Workflow:
    """A fitted workflow whose scales above what depends on the moment are learned from rows as they stood.

    Were they learned over what all days teach, the first days' rows, of which little was known, would lie far from what
    models take for usual.

    Args:
        workflow: fitted.
        days: gives the rows of each day, in order of time, once for every level of such scales.
    """
    for keys in workflow.as_of_scales:
        taught: Statistics | None = None
        scales = list[Statistics]()
        for rows in days():
            scales.append(workflow.as_of(taught).partial(rows).only(keys))
            today = workflow.partial(rows).only(workflow.as_of_nodes)
            taught = today if taught is None else Statistics.merge([taught, today])
        workflow = workflow.with_scales(Statistics.merge(scales)) if scales else workflow
    return workflow


def continue_workflow(
    interactions: pl.DataFrame,
    users: pl.DataFrame,
    items: pl.DataFrame,
    workflow: Workflow,
    engine: Engine | None = None,
) -> Workflow:
    """Fits a fitted workflow again over more events: codes and scales stay, new codes are appended, all else is
    learned anew.

    Args:
        interactions: canonical, those that it was fitted on among them.
        users: all that are to have a code.
        items: all that are to have a code.
        workflow: fitted.
        engine: where to compute; this process by default.

    Returns:
        The workflow.
    """
    fitted = workflow.fit(joined(interactions, users, items), engine, keep_codes=True)
    assert fitted.statistics is not None  # it was fitted here
    return learn(fitted, [fitted.statistics], users, items)


def learn(workflow: Workflow, events: list[Statistics], users: pl.DataFrame, items: pl.DataFrame) -> Workflow:
    """Finalizes a workflow on statistics of events, and on the catalogue for codes alone.

    One that was fitted keeps its scales: what models take for a large number stays one until it is fitted anew.

    Args:
        workflow: fitted, or of a graph of one level.
        events: statistics of events, at least of one part.
        users: all that are to have a code.
        items: all that are to have a code.

    Returns:
        The workflow.
    """
    known = [workflow.for_inputs(frame.columns).partial(frame, weight=0) for frame in (users, items)]
    return workflow.finalize(Statistics.merge([*events, *known]), keep_scales=True)
