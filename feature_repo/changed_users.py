"""Which users are not any more what was published of them, and what they are now: at the cost of those."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from feature_repo.columns import PRESENT
from feature_repo.published_days import on_days
from feature_repo.repository import FeatureRepository
from feature_repo.user_state import KEY, user_state
from ops_gpu.interactions.history_columns import ENTRY

NOW, BEFORE = "__now__", "__before__:"


@dataclass(frozen=True)
class ChangedUsers:
    """Users to be published again.

    Args:
        ids: `user_id` of them, those that are gone among them.
        states: of those that there are, as `user_state` gives them.
    """

    ids: pl.Series
    states: pl.DataFrame


def changed_users(
    repository: FeatureRepository,
    users: pl.DataFrame,
    log: pl.LazyFrame,
    added: list[date],
    again: Sequence[Any],
) -> ChangedUsers | None:
    """The users who did anything on some new days, or whose features differ, and what they are now.

    Histories go on from what was published, so that of the log only the new days are read.

    Args:
        repository: in which all days of the log but the new ones are published.
        users: canonical users.
        log: canonical interactions.
        added: the new days.
        again: users of whom more is online than the log holds: they are made from the whole log.

    Returns:
        None where the published rows are of other columns, and all must be made anew.
    """
    state = user_state(users.head(0), pl.DataFrame(schema=log.collect_schema()))
    if not repository.holds("users", state):
        return None
    pushed = pl.Series(KEY, again, users.schema[KEY]).unique()
    new = log.filter(on_days(added)).collect()
    differ = _differing(repository, users)
    ids = pl.concat([pushed, new[KEY], differ]).unique()
    few, whole = ids.filter(~ids.is_in(pushed.implode())), pushed.implode()
    before = repository.newest("users", [KEY, *ENTRY, PRESENT], few)
    mine = pl.col(KEY).is_in(few.implode())
    grown = user_state(users.filter(mine), new.filter(mine), before)
    anew = user_state(users.filter(pl.col(KEY).is_in(whole)), log.filter(pl.col(KEY).is_in(whole)))
    return ChangedUsers(ids, pl.concat([grown, anew]))


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
