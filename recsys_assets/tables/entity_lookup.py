"""What the tables of a recommender say of a user and of items, for people to read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from feature_repo.logged_events import held
from feature_repo.pushed_events import PushedEvents
from recsys_assets.tables.nobody import nobody
from resources.home import Home
from serving.request.recommendation import Id

INT64 = range(-(2**63), 2**63)


@dataclass(frozen=True)
class PastEvent:
    """Something that a user did.

    Args:
        item_id: the item.
        title: its title, where it has one.
        time: when, in UTC.
        positive: whether it counts as a success.
    """

    item_id: Id
    title: str | None
    time: datetime
    positive: bool


@dataclass(frozen=True)
class EntityLookup:
    """Reads the users, items and interactions of one recommender.

    Args:
        home: where they lie.
        name: the recommender.
    """

    home: Home
    name: str

    def user_id(self, text: str) -> Id:
        """A user id as the recommender has them.

        Raises:
            ValueError: when ids are integers of 64 bits and the text is none.
            FileNotFoundError: when the recommender was never materialized.
        """
        return self._id(text, "user", self.home.users(self.name))

    def item_id(self, text: str) -> Id:
        """An item id as the recommender has them; errors as those of `user_id`."""
        return self._id(text, "item", self.home.items(self.name))

    def check(self) -> None:
        """Raises FileNotFoundError when the recommender was never materialized."""
        if not self.home.users(self.name).exists():
            raise FileNotFoundError(
                f"There are no users of {self.name!r} under {self.home.root}; run `recsys materialize "
                f"{self.name}` first."
            )

    def user(self, user_id: Id) -> dict[str, Any]:
        """Features of a user by name; empty for an unknown one."""
        rows = pl.scan_parquet(self.home.users(self.name)).filter(pl.col("user_id") == user_id)
        found = rows.collect().to_dicts()
        return found[0] if found else {}

    def liked(self, user_id: Id, most: int = 8) -> list[Id]:
        """What the user liked last, latest first, each item once."""
        rows = self._events().filter(pl.col("user_id") == user_id, pl.col("label")).select("item_id", "timestamp")
        latest = rows.group_by("item_id").agg(pl.col("timestamp").max()).sort("timestamp", descending=True)
        return list(latest.head(most).collect()["item_id"])

    def knows_item(self, item: Id) -> bool:
        """Whether the items table has it."""
        found = pl.scan_parquet(self.home.items(self.name)).filter(pl.col("item_id") == item).select(pl.len())
        return bool(found.collect().item())

    def titles(self, items: Sequence[Id]) -> list[str | None]:
        """Titles of items; None for one without."""
        table = pl.scan_parquet(self.home.items(self.name)).filter(pl.col("item_id").is_in(list(items)))
        found = dict(table.select("item_id", "title").collect().iter_rows())
        return [found.get(item) for item in items]

    def active_users(self, most: int, seed: int = 7) -> list[Id]:
        """Users with events, drawn at random; errors as those of `check`."""
        self.check()
        users = self._events().select(pl.col("user_id").unique()).sort("user_id").collect()["user_id"]
        return list(users.sample(min(most, len(users)), seed=seed))

    def history(self, user_id: Id, most: int = 15) -> tuple[list[PastEvent], int]:
        """What the user did last, latest first, and how many events there are in all; pushed ones too."""
        mine = self._events().filter(pl.col("user_id") == user_id).sort("timestamp", descending=True).collect()
        latest = mine.head(most)
        rows = zip(
            latest["item_id"], self.titles(list(latest["item_id"])), latest["timestamp"], latest["label"], strict=True
        )
        return [PastEvent(*row) for row in rows], len(mine)

    def matching(self, text: str, most: int = 8) -> list[tuple[Id, int]]:
        """Users whose id begins with a text, the shortest ids first, each with the number of its events."""
        users = self._events().group_by("user_id").agg(pl.len().alias("events"))
        key = pl.col("user_id").cast(pl.String)
        found = users.filter(key.str.starts_with(text)).sort(key.str.len_bytes(), "user_id").head(most).collect()
        return list(zip(found["user_id"], found["events"], strict=True))

    def stranger(self) -> Id:
        """An id that no user has."""
        users = pl.concat(
            [table.select("user_id") for table in (self._events(), pl.scan_parquet(self.home.users(self.name)))]
        )
        return nobody(users.unique().collect()["user_id"])

    def _events(self) -> pl.LazyFrame:
        """What the logs hold, and what was pushed since: lists know both."""
        logged = pl.scan_parquet(self.home.interactions_folder(self.name) / "*.parquet", extra_columns="ignore")
        logged = logged.select("user_id", "item_id", "timestamp", "label")
        schema = logged.collect_schema()
        ids = {name: schema[name] for name in ("user_id", "item_id")}
        pushed = PushedEvents(self.home.feast(self.name), ids).all()
        if pushed.is_empty():
            return logged
        # An event that a log has brought meanwhile is one event.
        return pl.concat([logged, pushed.filter(~held(pushed, logged)).select(schema.names()).lazy().cast(schema)])

    def _id(self, text: str, kind: str, path: Path) -> Id:
        if not path.exists():
            raise FileNotFoundError(
                f"There are no {kind}s of {self.name!r} under {self.home.root}; run `recsys materialize "
                f"{self.name}` first."
            )
        if pl.scan_parquet(path).collect_schema()[f"{kind}_id"] != pl.Int64():
            return text
        try:
            found = int(text)
        except ValueError:
            raise ValueError(f"{kind.capitalize()} ids of {self.name!r} are integers, got {text!r}.") from None
        if found not in INT64:
            raise ValueError(
                f"{kind.capitalize()} ids of {self.name!r} are integers of 64 bits, {INT64[0]} to {INT64[-1]}, "
                f"got {text}."
            )
        return found
