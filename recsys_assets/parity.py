"""Does a release answer as the library would?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from recsys_assets.blueprint import Blueprint
from recsys_assets.chain_ranges import ChainRanges
from recsys_assets.champion import contender
from serving.recommendation import Id

if TYPE_CHECKING:
    from serving.release import Release

TOLERANCE = 1e-3


def differences(plan: Blueprint, release: Release, users: Sequence[Id], k: int = 10) -> dict[Id, str]:
    """Compares a release's ensemble with lists that the library makes from its models and the raw tables.

    The ensemble knows histories from the feature store and items from the release; the library reads the canonical
    tables. Lists must hold the same scores; where lists are sampled, the score of every item must be the same.

    Args:
        plan: the recommender.
        release: opened.
        users: ids; those without a history are expected to get a list that is marked as popular.
        k: items a list.

    Returns:
        What differs, by user; empty when nothing does.
    """
    from ops_gpu.candidates.candidates import FALLBACK
    from serving.ensemble import Ensemble
    from serving.triton.smoke_test import request_for

    ensemble = Ensemble.of(release)
    answer: Any = ensemble.transform(request_for(ensemble, users, k))
    expected = _expected(plan, release, users, most=1000 if plan.settings.serving.temperature else k)
    found: dict[Id, str] = {}
    for row, user in enumerate(users):
        scores = dict(zip(_plain(answer["item_id"][row]), answer["score"][row].tolist(), strict=True))
        fallback = bool((answer["source"][row] & FALLBACK).any())
        if user not in expected:
            problem = "" if fallback else "is unknown but got a list that is not marked as popular"
        else:
            problem = _difference(scores, expected[user], exact=not plan.settings.serving.temperature)
        if problem:
            found[user] = problem
    return found


def _expected(plan: Blueprint, release: Release, users: Sequence[Id], most: int) -> dict[Id, dict[Id, float]]:
    """Scores by item of the library's lists, for every user with a history."""
    import numpy as np
    import polars as pl

    from ops_gpu.feature_table import FIRST_CODE
    from ops_gpu.fitting import recommend
    from ops_gpu.ranking_rows import sources_at
    from ops_gpu.training_data import ids

    side, end = contender(plan, release), ChainRanges.load(plan).ranges.end
    codes = side.workflow.encode("user_id", ids(pl.Series(list(users)))).astype(np.int64)
    active = np.isin(codes, side.data.events.user) & (codes >= FIRST_CODE)
    sources = sources_at(side.data, side.retrieval, end, side.config.candidates, live=True)
    lists = recommend(side.data, sources, side.retrieval, side.ranking, codes[active], most)
    known = [user for user, there in zip(users, active, strict=True) if there]
    return {
        user: {
            item: float(score)
            for item, score in zip(_plain(side.workflow.decode("item_id", row)), scores, strict=True)
            if not np.isnan(score)
        }
        for user, row, scores in zip(known, lists.final, lists.scores, strict=True)
    }


def _plain(values: Any) -> list[Any]:
    return [value.decode() if isinstance(value, bytes) else value for value in values.tolist()]


def _difference(answer: dict[Id, float], expected: dict[Id, float], exact: bool) -> str:
    """In words; items of equal score may take each other's place at the end of a list."""
    import numpy as np

    if exact and len(answer) != len(expected):
        return f"{len(answer)} items, expected {len(expected)}"
    if exact:
        mine, other = sorted(answer.values()), sorted(expected.values())
        if not np.allclose(mine, other, rtol=TOLERANCE, atol=TOLERANCE):
            return f"scores {mine}, expected {other}"
    for item in answer.keys() & expected.keys():
        if not np.isclose(answer[item], expected[item], rtol=TOLERANCE, atol=TOLERANCE):
            return f"item {item} scores {answer[item]:.5f}, expected {expected[item]:.5f}"
    if not exact and answer.keys() - expected.keys():
        return f"item {sorted(map(str, answer.keys() - expected.keys()))[0]} is no candidate"
    return ""
