"""EvaluationProtocol: on which days lists are judged, and how."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class EvaluationProtocol:
    """Which days are predicted, and how lists are compared.

    Args:
        start: epoch seconds; lists are made at this moment, from what was known before it.
        end: epoch seconds, exclusive; positives up to here count.
        repeats: whether items seen before `start` may come back.
        half_life_days: of the decayed popularity baseline.
        k: length of the lists.

    Full ranking: every item with an event before `start` competes; positives of unknown items count as misses.

    Example:
        >>> EvaluationProtocol(start=1_700_000_000, end=1_700_604_800, repeats=False).k
        20
    """

    start: int
    end: int
    repeats: bool
    half_life_days: float = 7.0
    k: int = 20
