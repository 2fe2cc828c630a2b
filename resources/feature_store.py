"""Feature store: the state of users and items, for training of the moment and for answering."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import dagster as dg
from pydantic import Field

from resources.home import Home

if TYPE_CHECKING:
    import polars as pl

    from feature_repo.repository import FeatureRepository, Written
    from feature_repo.settings import StoreSettings
    from feature_repo.users.log_days import LogDays


AT_ONCE = 1_000_000
USERS_AT_ONCE = 5_000
"""Users of a day that are published at once."""


class FeatureStoreResource(dg.ConfigurableResource[Any]):
    """Feast, one repository a recommender, under the home; the online store is SQLite or Redis.

    Example:
        >>> store = FeatureStoreResource(online_store="redis", connection_string="localhost:6379")
        >>> store.publish("demo", users, items, interactions, as_of)  # doctest: +SKIP
    """

    online_store: Literal["sqlite", "redis"] = Field(
        "sqlite", description="Where online features live: a file under the home, or a Redis server."
    )
    connection_string: str = Field(
        "", description="Of Redis, as Feast takes it: host:port,db=0,password=${REDIS_PASSWORD}."
    )
    ttl_days: float = Field(0.0, ge=0, le=36_500, description="How long features hold; 0 for ever.")
    keep_days: float = Field(
        30.0,
        ge=0,
        le=36_500,
        description="How long replaced versions of rows stay in the offline source; after twice as long and a day the "
        "next write drops them in any case.",
    )
    pushed_days: float = Field(
        3.0,
        ge=0,
        le=36_500,
        description="How long a pushed event stays that no log holds, though the logs have gone past it.",
    )

    def publish(
        self,
        name: str,
        users: pl.DataFrame,
        items: pl.DataFrame,
        interactions: pl.DataFrame | pl.LazyFrame,
        as_of: datetime,
        days: LogDays | None = None,
        at_once: int = AT_ONCE,
    ) -> dict[str, Written]:
        """Makes these tables the state that Feast gives; views are generated from their columns.

        Online, only rows that have changed are written. Pushed events that the log does not hold stay.

        Args:
            name: the recommender.
            users: canonical users.
            items: canonical items.
            interactions: canonical interactions, from which every user's complete history is taken.
            as_of: the moment that the tables describe; without a zone it is UTC.
            days: of the log, from which histories are taken instead, at the cost of their users; where days were only
                added since, the users of those days are published, and such whose features differ. None for all users.
            at_once: users and interactions of which histories are made at once, about: bounds the memory.

        Returns:
            What was written, by `users` and `items`.

        Raises:
            ValueError: when an id is missing or comes twice, or Feast has no type for a column.
        """
        import polars as pl

        from feature_repo.logged_events import not_logged
        from feature_repo.pushed_events import NUMBER, PUSHED, PushedEvents, only_writer, pushed_users
        from feature_repo.users.changed_users import ChangedUsers
        from feature_repo.users.published_days import added_days, notes_of, pushed_then
        from feature_repo.users.user_lists import lists_of_days, lists_of_log, with_pushed
        from feature_repo.users.user_state import user_states

        repository = self.repository(name)
        pushed = PushedEvents(
            repository.folder, {"user_id": users.schema["user_id"], "item_id": items.schema["item_id"]}
        )
        known = interactions.lazy().select("user_id", "item_id", pl.col("timestamp").cast(pl.Datetime("us")), "label")
        with only_writer(repository.folder):
            again = pushed_users(repository.folder)
            events, now = pushed.all(), datetime.now(UTC).replace(tzinfo=None)
            left = not_logged(events, known, timedelta(days=self.pushed_days), now)
            left = left.drop(PUSHED)
            of_log = lists_of_log(known) if days is None else lists_of_days(days.histories, items.schema["item_id"])
            lists, log = with_pushed(of_log, left), pl.concat([known, left.drop(NUMBER).lazy()])
            before, notes = repository.notes("users"), dict[str, str]()
            changed: ChangedUsers | None = None
            if days is not None:
                notes = notes_of(days.contents, left["user_id"].unique().sort())
                added, more = added_days(before, days.contents), {*again, *pushed_then(before)}
                if added is not None:
                    changed = ChangedUsers.of(repository, users, log, lists, added, sorted(more))
            if changed is None:
                parts = user_states(users, log, lists, at_once)
                written = repository.write_ranges("users", parts, as_of, again, notes)
            else:
                written = repository.write_some("users", changed.ids, changed.states, as_of, USERS_AT_ONCE, notes)
            pushed.forget(events.join(left, on=NUMBER, how="anti")[NUMBER])
        return {"users": written, "items": repository.write("items", items, as_of)}

    def push(self, name: str, events: pl.DataFrame) -> int:
        """Adds events to the online histories of their users; see `resources.push_events`."""
        from resources.push_events import push_events

        return push_events(self.repository(name), events)

    def repository(self, name: str) -> FeatureRepository:
        """The Feast repository of a recommender, made if it is missing."""
        from feature_repo.repository import FeatureRepository

        return FeatureRepository(Home.from_environment().feast(name), name, self.settings())

    def settings(self) -> StoreSettings:
        """The settings of its repositories.

        Raises:
            ValueError: when Redis has no connection string.
        """
        from feature_repo.settings import StoreSettings

        return StoreSettings(
            online_store=self.online_store,
            connection_string=self.connection_string,
            ttl=timedelta(days=self.ttl_days),
            keep=timedelta(days=self.keep_days),
        )

    def folder(self, name: str) -> Path:
        """Folder of a recommender's repository, for `QueryFeast`."""
        return Home.from_environment().feast(name)

    def mismatches(self, name: str, sample: int = 1_000) -> int:
        """How many of the newest users' rows are given otherwise online than they stand offline.

        Args:
            name: the recommender.
            sample: rows compared, in blocks that are spread over all writes.

        Raises:
            FeatureStoreError: when the online store does not answer.
            LookupError: when there is no user.
        """
        from resources.feature_parity import count_mismatches

        return count_mismatches(self.repository(name), sample)
