"""Workflows over interactions with the features of their users and items: fitted, and continued."""

from __future__ import annotations

import polars as pl

from ops_gpu.engines.engine import Engine
from ops_gpu.schema.raw_schema import joined
from ops_gpu.workflow.statistics import Statistics
from ops_gpu.workflow.workflow import Workflow


def fit_workflow(
    interactions: pl.DataFrame,
    users: pl.DataFrame,
    items: pl.DataFrame,
    workflow: Workflow,
    engine: Engine | None = None,
) -> Workflow:
    """Fits a workflow anew, level by level; users and items without an event get codes too, at the end.

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
    return learn(fitted, [fitted.statistics], users, items)


def continue_workflow(
    interactions: pl.DataFrame,
    users: pl.DataFrame,
    items: pl.DataFrame,
    workflow: Workflow,
    engine: Engine | None = None,
) -> Workflow:
    """Fits a fitted workflow again over more events: codes stay, new ones are appended, all else is learned anew.

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
