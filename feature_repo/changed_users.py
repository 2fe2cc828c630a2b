"""Which users are not any more what was published of them, and what they are now: at the cost of those."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from feature_repo.columns import PRESENT
from feature_repo.id_range import IdRange
from feature_repo.published_days import on_days
from feature_repo.repository import FeatureRepository, check_ids
from feature_repo.user_state import KEY, user_state
from ops_gpu.interactions.history_columns import ENTRY

NOW, BEFORE = "__now__", "__before__:"


@dataclass(frozen=True)
class ChangedUsers:
    """Users to be published again, and what they are now, a range of ids at a time.

    Args:
        repository: in which all days of the log but the new ones are published.
        users: canonical users.
        new: canonical interactions of the new days.
        log: of all days.
        ids: `user_id` of those who changed, such that are gone among them.
        again: those of them who are made from the whole log.
    """

    repository: FeatureRepository
    users: pl.DataFrame
    new: pl.LazyFrame
    log: pl.LazyFrame
    ids: pl.Series
    again: pl.Series

    @classmethod
    def of(
        cls,
        repository: FeatureRepository,
        users: pl.DataFrame,
        log: pl.LazyFrame,
        added: list[date],
        again: Sequence[Any],
    ) -> ChangedUsers | None:
        """Finds the users who did anything on some new days, or whose features differ.

        Args:
            repository: in which all days of the log but the new ones are published.
            users: canonical users.
            log: canonical interactions.
            added: the new days.
            again: users of whom more is online than the log holds, or was offline.

        Returns:
            None where the published rows are of other columns, and all must be made anew.

        Raises:
            ValueError: when an id is missing or comes twice.
        """
        check_ids("users", users, KEY)
        if not repository.holds("users", user_state(users.head(0), pl.DataFrame(schema=log.collect_schema()))):
            return None
        new, pushed = log.filter(on_days(added)), pl.Series(KEY, again, users.schema[KEY])
        active = new.select(KEY).unique().collect()[KEY]
        ids = pl.concat([pushed, active, _differing(repository, users)]).unique()
        return cls(repository, users, new, log, ids, pushed)

    def states(self, ids: IdRange) -> pl.DataFrame:
        """Those of a range, as `user_state` gives them; histories go on from what was published."""
        changed, again = ids.of(self.ids), ids.of(self.again)
        few = changed.filter(~changed.is_in(again.implode()))
        mine = pl.col(KEY).is_in(few.implode())
        before = self.repository.newest("users", [KEY, *ENTRY, PRESENT], few, ids)
        grown = user_state(self.users.filter(mine), self.new.filter(mine), before)
        if again.is_empty():
            return grown
        whole = pl.col(KEY).is_in(again.implode())
        return pl.concat([grown, user_state(self.users.filter(whole), self.log.filter(whole))])


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
    known = pl.any_horizontal([pl.lit(False), *(pl.col(f"{BEFORE}{name}").is_not_null() for name in features)])
    histories = repository.newest("users", [KEY, ENTRY[0]], rows[KEY])
    nothing = histories.filter(pl.col(ENTRY[0]).list.len() == 0)[KEY]
    return pl.concat([rows.filter(known)[KEY], nothing])
