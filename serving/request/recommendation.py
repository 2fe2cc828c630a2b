"""Recommendations as an application sees them."""

from __future__ import annotations

from dataclasses import dataclass

Id = int | str


@dataclass(frozen=True)
class Recommendation:
    """One recommended item.

    Args:
        item_id: the item, as in the logs.
        score: by which it was ordered; higher is better.
        sources: the candidate sources that brought it.
    """

    item_id: Id
    score: float
    sources: tuple[str, ...]


@dataclass(frozen=True)
class RecommendationList:
    """The answer for one user.

    Args:
        user_id: as asked.
        items: best first; fewer than asked for where there are no more.
        source: "personalized", "popular" where nothing is known of the user, or "empty" where no item was left.
        release: hash of the release that answered.
        stage_ms: milliseconds of each stage, for the pass in which this user was answered.
        request_id: of the request, as the server logs it.
        degraded: whether what is stored of the user could not be read, so that the list was made without it.
    """

    user_id: Id
    items: tuple[Recommendation, ...]
    source: str
    release: str
    stage_ms: dict[str, float]
    request_id: str = ""
    degraded: bool = False
