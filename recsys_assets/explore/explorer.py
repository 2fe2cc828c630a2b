"""Explorer: all that the page shows of one user."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from recsys_assets.explore.followed_release import FollowedRelease, OpenRelease
from recsys_assets.explore.served_answer import ServedAnswer
from recsys_assets.explore.stages import Stages
from recsys_assets.tables.entity_lookup import EntityLookup, PastEvent
from resources.home import Home
from serving.request.recommendation import Id

if TYPE_CHECKING:
    from resources.triton import TritonResource
    from serving.client.client import RecommenderClient
    from serving.request.columns import Columns

TIMEOUT = 3.0


@dataclass(frozen=True)
class Person:
    """Who is asked for.

    Args:
        user_id: as in the logs.
        features: of the users table; empty where the user is not in it.
        history: the latest events.
        events: how many there are in all.
    """

    user_id: Id
    features: Mapping[str, Any]
    history: tuple[PastEvent, ...]
    events: int


@dataclass(frozen=True)
class Exploration:
    """A list and how it came about.

    Args:
        person: the user.
        open: the release that gave it.
        stages: the four stages.
        stage_ms: milliseconds of each, in this process.
        titles: of all items shown.
        served: the live server's answer; None where there is none.
        problems: sentences on what is not as it should be.
    """

    person: Person
    open: OpenRelease
    stages: Stages
    stage_ms: Mapping[str, float]
    titles: Mapping[Id, str | None]
    served: ServedAnswer | None = None
    problems: tuple[str, ...] = field(default=())


class Explorer:
    """Answers for one user with the live release in this process, and asks the live server the same.

    Args:
        home: where the recommender lies.
        name: the recommender.
        triton: the server.
    """

    def __init__(self, home: Home, name: str, triton: TritonResource) -> None:
        self.name, self.people = name, EntityLookup(home, name)
        self.followed = FollowedRelease(home, name, triton)
        self._triton = triton
        self._client: RecommenderClient | None = None

    def person(self, text: str) -> Person:
        """The user with this id, who need not be known.

        Raises:
            ValueError: when the text is no id of this recommender.
        """
        user_id = self.people.user_id(text)
        history, events = self.people.history(user_id)
        features = {key: value for key, value in self.people.user(user_id).items() if key != "user_id"}
        return Person(user_id, features, tuple(history), events)

    def explore(self, person: Person, k: int) -> Exploration:
        """The user's list of k items, through the four stages.

        Raises:
            RuntimeError: when no release is live, in a sentence.
            ValueError: when the release cannot answer for this k.
        """
        from serving.triton.deployment.smoke_test import request_for

        opened = self.followed.current()
        request = request_for(opened.ensemble, [person.user_id], k)
        opened.ensemble.run(request)  # fills caches, which is no part of an answer's time
        answer = opened.ensemble.run(request)
        stages = Stages.of(opened.ensemble, answer)
        shown = (*stages.retrieved, *stages.filtered, *stages.ordered)
        items = list({row.item_id for row in shown})
        titles = dict(zip(items, self.people.titles(items), strict=True))
        served, problems = self._served(opened, person.user_id, k, answer.columns)
        return Exploration(person, opened, stages, answer.stage_ms, titles, served, problems)

    def _served(
        self, opened: OpenRelease, user_id: Id, k: int, expected: Columns
    ) -> tuple[ServedAnswer | None, tuple[str, ...]]:
        from serving.client.recommender_error import RecommenderError
        from serving.triton.deployment.smoke_test import SEED

        if opened.problem is not None:
            return None, (f"{opened.problem} Shown is release {opened.release.hash[:12]}, the last that was live.",)
        try:
            seed = SEED if "seed" in opened.ensemble.inputs else None
            answer = ServedAnswer.ask(self._connected(), user_id, k, seed, opened.release.hash, expected)
        except RecommenderError as error:
            return None, (f"The live server gave no answer to compare with. {error}",)
        return answer, ()

    def _connected(self) -> RecommenderClient:
        """A client of the server as it runs now: it may have been started anew, at another port."""
        from serving.client.client import RecommenderClient
        from serving.client.recommender_error import RecommenderError

        state = self._triton.status()
        url = self._triton.address or (state.grpc_url if state else None)
        if url is None:
            raise RecommenderError("The server has just ended.")
        if self._client is None or self._client.url != url:
            self._client = RecommenderClient(url, self.name, TIMEOUT)
        return self._client
