"""Does a release answer as the library would?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from recsys_assets.blueprint.blueprint import Blueprint
from recsys_assets.challenger.library_lists import offline_lists, plain
from serving.request.recommendation import Id

if TYPE_CHECKING:
    from serving.ensemble.ensemble import Ensemble
    from serving.release.release import Release

TOLERANCE = 1e-3


def differences(blueprint: Blueprint, release: Release, users: Sequence[Id], k: int = 10) -> dict[Id, str]:
    """Compares a release's ensemble with lists that the library makes from its models and the raw tables.

    The ensemble knows histories and users from the feature store and items from the release; the library reads the
    canonical tables. Its candidates go through the same filters and boosts as the release's, with what the users
    table says, so that an attribute that arrives online as something else shows. The ordering is compared before it
    is applied, as the exact order of score: a list that is built item by item or drawn at random may change as a
    whole where one score is rounded otherwise. That the lists then hold these candidates, with these scores, is
    looked at too; the ordering itself is the same code in both, and its own tests are its proof.

    Args:
        blueprint: the recommender.
        release: opened.
        users: ids; those without a history are expected to get a list that is marked as popular.
        k: items a list.

    Returns:
        What differs, by user; empty when nothing does.
    """
    from serving.ensemble.ensemble import Ensemble
    from serving.ensemble.exact_order import exact_order

    ensemble = Ensemble.of(release)
    exact = exact_order(ensemble).bind(release)
    expected = offline_lists(blueprint, release, users)
    best = {user: dict(list(scores.items())[:k]) for user, scores in expected.items()}
    found = _compared(exact, users, k, best, exact=True)
    return found | _compared(ensemble, users, k, expected, exact=False)


def _compared(
    ensemble: Ensemble, users: Sequence[Id], k: int, expected: Mapping[Id, dict[Id, float]], exact: bool
) -> dict[Id, str]:
    """What is wrong with the lists of an ensemble, by user."""
    from ops_gpu.candidates.candidates import FALLBACK
    from serving.triton.deployment.smoke_test import request_for

    answer: Any = ensemble.transform(request_for(ensemble, users, k))
    found: dict[Id, str] = {}
    for row, user in enumerate(users):
        scores = dict(zip(plain(answer["item_id"][row]), answer["score"][row].tolist(), strict=True))
        fallback = bool((answer["source"][row] & FALLBACK).any()) or not scores
        if user not in expected:
            problem = "" if fallback else "is unknown but got a list that is not marked as popular"
        elif not exact and len(scores) != min(k, len(expected[user])):
            problem = f"{len(scores)} items, expected {min(k, len(expected[user]))}"
        else:
            problem = _difference(scores, expected[user], exact)
        if problem:
            found[user] = problem
    return found


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
        return f"item {min(map(str, answer.keys() - expected.keys()))} is no candidate"
    return ""
