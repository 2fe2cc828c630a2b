"""The candidate sources of a graph, by the places of their bits."""

from __future__ import annotations

from serving.ensemble.ensemble import Ensemble
from serving.operators.retrieval.union_candidates import UnionCandidates


def source_names(ensemble: Ensemble) -> tuple[str, ...]:
    """Names of all sources in the order of the bits of `candidate_sources`; none where the graph joins no sources.

    Args:
        ensemble: a description is enough.
    """
    operators = (step.operator for step in ensemble.plan.steps)
    return next((one.all_names() for one in operators if isinstance(one, UnionCandidates)), ())
