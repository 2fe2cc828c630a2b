"""ServedAnswer: what the live server says to the same request, beside what the open release says."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from serving.request.recommendation import Id

if TYPE_CHECKING:
    from serving.client.client import RecommenderClient
    from serving.request.columns import Columns


@dataclass(frozen=True)
class ServedAnswer:
    """The answer over gRPC.

    Args:
        difference: how it differs from ours, in a few words; None when it is the same.
        milliseconds: from asking to the typed answer, as a client sees it.
        stage_ms: of each stage, as the server gives them.
    """

    difference: str | None
    milliseconds: float = 0.0
    stage_ms: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def ask(
        cls, client: RecommenderClient, user_id: Id, k: int, seed: int | None, release: str, expected: Columns
    ) -> ServedAnswer:
        """Asks the server and compares.

        Args:
            client: of the recommender.
            user_id: the user.
            k: items.
            seed: that of the expected answer.
            release: hash of the release that gave it.
            expected: columns that the open release gave for this user alone.

        Raises:
            RecommenderError: when there is no answer.
        """
        from serving.decisions.reader import TEST
        from serving.triton.deployment.smoke_test import difference

        name = f"{TEST}explore"  # whoever looks on is no user
        client.recommend([user_id], k, seed=seed, request_id=name)  # opens the connection, no part of an answer's time
        begun = time.perf_counter()
        answer = client.recommend([user_id], k, seed=seed, request_id=name)[0]
        milliseconds = (time.perf_counter() - begun) * 1e3
        found: str | None
        if answer.degraded:
            found = "the server could not read the feature store"
        elif answer.release != release:
            found = f"release {answer.release[:12]} has gone live meanwhile, or is tried on this user"
        else:
            found = difference(answer, expected, 0)
        return cls(found, milliseconds, answer.stage_ms)
