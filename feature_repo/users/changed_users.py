"""Which users are not any more what was published of them, and what they are now: at the cost of those."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from feature_repo.offline.columns import PRESENT
from feature_repo.repository import FeatureRepository, check_ids
from feature_repo.users.published_days import on_days
from feature_repo.users.user_lists import KEY, UserLists
from feature_repo.users.user_state import with_lists
from ops_gpu.interactions.history_columns import ENTRY

NOW, BEFORE = "__now__", "__before__:"


@dataclass(frozen=True)
class ChangedUsers:
    """Users to be published again, and what they are now.

    Args:
        users: canonical users.
        lists: gives the complete lists of users.
        ids: `user_id` of those who changed, such that are gone among them.
    """

    users: pl.DataFrame
    lists: UserLists
    ids: pl.Series

    @classmethod
    def of(
        cls,
        repository: FeatureRepository,
        users: pl.DataFrame,
        log: pl.LazyFrame,
        lists: UserLists,
        added: list[date],
        again: Sequence[Any],
    ) -> ChangedUsers | None:
        """Finds the users who did anything on some new days, or whose features differ.

        Args:
            repository: in which all days of the log but the new ones are published.
            users: canonical users.
            log: canonical interactions.
            lists: gives what users did in all days, the new ones among them.
            added: the new days.
            again: users of whom more is online than the log holds, or was offline.

        Returns:
            None where the published rows are of other columns, and all must be made anew.

        Raises:
            ValueError: when an id is missing or comes twice.
        """
        check_ids("users", users, KEY)
        if not repository.holds("users", with_lists(users.head(0), lists(users[KEY].head(0)))):
            return None
        active = log.filter(on_days(added)).select(KEY).unique().collect()[KEY]
        pushed = pl.Series(KEY, again, users.schema[KEY])
        return cls(users, lists, pl.concat([pushed, active, _differing(repository, users)]).unique())

    def states(self, ids: pl.Series) -> pl.DataFrame:
        """Those of some ids, as `with_lists` gives them."""
        return with_lists(self.users.filter(pl.col(KEY).is_in(ids.implode())), self.lists(ids))


def _differing(repository: FeatureRepository, users: pl.DataFrame) -> pl.Series:
    """Users whose features are others than were published, who are new, or who are in no table any more."""
    features = users.drop(KEY).columns
    published = repository.newest("users", [*users.columns, PRESENT])
    before = published.rename({name: f"{BEFORE}{name}" for name in features})
    both = users.with_columns(pl.lit(True).alias(NOW)).join(before, on=KEY, how="full", coalesce=True)
    now, present = pl.col(NOW).fill_null(False), pl.col(PRESENT).fill_null(False)
    others = [pl.col(name).ne_missing(pl.col(f"{BEFORE}{name}")) for name in features]
    differs = both.filter(now & (~present | pl.any_horizontal([pl.lit(False), *others])))[KEY]
    return pl.concat([differs, _lost(repository, both.filter(~now & present), features)])


def _lost(repository: FeatureRepository, rows: pl.DataFrame, features: list[str]) -> pl.Series:
    """Those of users in no table who were in one; who only interacts never was, and has no features."""
    if rows.is_empty():
        return rows[KEY]
    known = pl.any_horizontal([pl.lit(False), *(pl.col(f"{BEFORE}{name}").is_not_null() for name in features)])
    histories = repository.newest("users", [KEY, ENTRY[0]], rows[KEY])
    nothing = histories.filter(pl.col(ENTRY[0]).list.len() == 0)[KEY]
    return pl.concat([rows.filter(known)[KEY], nothing])
