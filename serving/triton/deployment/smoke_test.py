"""Does a loaded release answer like its parts?"""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np

from ops_gpu.primitives.ragged import Ragged
from serving.client.client import RecommenderClient
from serving.decisions.reader import TEST
from serving.ensemble.ensemble import Ensemble
from serving.request.columns import Columns
from serving.request.id_encoding import encode_ids
from serving.request.recommendation import Id, RecommendationList

TOLERANCE = 1e-5
SEED = 1
"""Where lists are drawn at random, both sides draw with this seed."""
TRIES, PAUSE = 5, 1.0


def smoke_test(client: RecommenderClient, ensemble: Ensemble, users: Sequence[Id], k: int = 10) -> None:
    """Compares the answers of a served release with those of the same release in this process.

    Args:
        client: asks the model under test.
        ensemble: of the same release, bound.
        users: whom to ask for; known and unknown ones.
        k: items a user.

    Raises:
        ValueError: when an answer differs: other items (unless their scores are as good as equal), or a
            score off by more than a relative 1e-5; names the user. Or when the answers are degraded: nobody
            could tell whether the release answers well.
    """
    expected = ensemble.transform(request_for(ensemble, users, k))
    for row, answer in enumerate(_whole_answers(client, users, k, SEED if "seed" in ensemble.inputs else None)):
        found = difference(answer, expected, row)
        if found:
            raise ValueError(f"The served release answers user {answer.user_id!r} unlike its parts: {found}.")


def _whole_answers(
    client: RecommenderClient, users: Sequence[Id], k: int, seed: int | None
) -> list[RecommendationList]:
    """Answers that are not degraded; a feature store that was slow for a moment is given a few seconds."""
    for _ in range(TRIES):
        answers = client.recommend(list(users), k, seed=seed, request_id=f"{TEST}smoke")
        if not any(answer.degraded for answer in answers):
            return answers
        time.sleep(PAUSE)
    raise ValueError(
        "the server cannot read the feature store, so the release only gives what is popular; start the online store, "
        "or materialize feature_store, and see the server's log."
    )


def request_for(ensemble: Ensemble, users: Sequence[Id], k: int) -> Columns:
    """A batch for an ensemble, with ids as they come over the wire."""
    dtype = ensemble.inputs["user_id"].dtype
    ids = encode_ids(users, "UINT8" if dtype == "string" else "INT64")
    user_id = ids.view(f"S{ids.shape[1]}")[:, 0] if dtype == "string" else ids[:, 0]
    request: Columns = {"user_id": user_id, "k": np.full(len(ids), k, np.int32)}
    return request | {"seed": np.full(len(ids), SEED, np.int64)} if "seed" in ensemble.inputs else request


def difference(answer: RecommendationList, expected: Columns, row: int) -> str | None:
    """How a served list differs from a row of an ensemble's answer; None when they are the same."""
    items, scores = (_row(expected, name, row) for name in ("item_id", "score"))
    wanted = [item.decode() if isinstance(item, bytes) else item for item in items.tolist()]
    found = [item.item_id for item in answer.items]
    served = np.array([item.score for item in answer.items], np.float32)
    if len(found) != len(wanted):
        return f"{len(found)} items instead of {len(wanted)}"
    margin = TOLERANCE * max(1.0, float(np.abs(scores).max(initial=0.0)))  # sums of large terms round alike
    if not np.allclose(served, scores, rtol=TOLERANCE, atol=margin, equal_nan=True):
        return f"scores {served.tolist()} instead of {scores.tolist()}"
    swapped = [place for place, (a, b) in enumerate(zip(found, wanted, strict=True)) if a != b]
    for place in swapped:  # equal scores may swap places, for sums are not added up in one order everywhere
        if np.sum(np.isclose(scores, scores[place], rtol=TOLERANCE, atol=margin)) < 2:
            return f"item {found[place]!r} at place {place + 1} instead of {wanted[place]!r}"
    return None


def _row(columns: Columns, name: str, row: int) -> np.ndarray[tuple[int, ...], np.dtype[np.generic]]:
    column = columns[name]
    assert isinstance(column, Ragged)
    return column[row]
