"""From an event to the next list: what a user just did goes to the online store, before any log has it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl

from feature_repo.offline.columns import CREATED, EVENT_TIME, PRESENT
from feature_repo.offline.version_files import VersionFiles
from feature_repo.pushed_events import PushedEvents, only_writer
from feature_repo.repository import FeatureRepository
from ops_gpu.interactions.history_columns import with_events
from ops_gpu.schema.schema import Schema
from serving.request.frames import to_frame
from serving.stores.feast_reader import FeastReader

_META = (EVENT_TIME, CREATED, PRESENT)
_TIME = pl.Datetime("us", "UTC")
AHEAD = timedelta(minutes=5)
"""Clocks may differ by so much; an event later than that would stay its user's latest, and in the journal, for ever."""


def push_events(repository: FeatureRepository, events: pl.DataFrame) -> int:
    """Adds events to the histories of their users, online, and to the journal of the feature store.

    Snapshots of the logs keep them until a log holds them; see `feature_repo.logged_events`.

    Args:
        repository: the Feast repository, written at least once.
        events: `user_id`, `item_id` (as in the logs), `timestamp` (UTC) and `label` (whether a success).

    Returns:
        How many users were written.

    Raises:
        FileNotFoundError: when the feature store was never written, or is a copy whose online store was not.
        ValueError: when a column is missing, has nulls or another type than the logs have, or an event lies in the
            future.
        FeatureStoreError: when the online store cannot be read.
    """
    with only_writer(repository.folder):
        return _push(repository, events)


def _push(repository: FeatureRepository, events: pl.DataFrame) -> int:
    versions = repository.versions("users")
    if not versions.paths:
        raise FileNotFoundError(f"{versions.folder} holds nothing: materialize feature_store before events are pushed.")
    if repository.is_elsewhere("users"):
        raise FileNotFoundError(
            f"{repository.folder} is a copy, and nothing was written to its online store yet: materialize "
            "feature_store before events are pushed."
        )
    stored = versions.schema()
    ids = {"user_id": stored["user_id"], "item_id": stored["history_item"].inner}  # type: ignore[attr-defined]
    events = _checked(events, ids)
    if events.is_empty():
        return 0
    journal = PushedEvents(repository.folder, ids)
    users = events["user_id"].unique().sort()
    rows = with_events(_online(repository, stored, users), events, "user_id")
    with journal.appended(events):
        rows = rows.join(_moments(versions, journal, users), on="user_id")
        repository.write_online("users", rows)
    return rows.height


def _checked(events: pl.DataFrame, ids: dict[str, pl.DataType]) -> pl.DataFrame:
    wanted = {**ids, "timestamp": pl.Datetime, "label": pl.Boolean}
    for name, dtype in wanted.items():
        found = events.schema.get(name)
        if found != dtype or events[name].null_count():
            nulls = " with nulls" if found == dtype else ""
            raise ValueError(f"{name} of an event must be {dtype}, got {found or 'no such column'}{nulls}.")
    moment = pl.col("timestamp")
    if events.schema["timestamp"].time_zone is not None:  # type: ignore[attr-defined]
        moment = moment.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
    events = events.select("user_id", "item_id", moment.cast(pl.Datetime("us")), "label")
    latest: Any = events["timestamp"].max()
    if latest is not None and latest > datetime.now(UTC).replace(tzinfo=None) + AHEAD:
        raise ValueError(f"timestamp of an event must not lie in the future, in UTC, got {latest}; correct it.")
    return events


def _moments(files: VersionFiles, journal: PushedEvents, users: pl.Series) -> pl.DataFrame:
    """Event times between those of the users' last versions and of their next ones, rising with every event.

    An online store may refuse a row that is older than its own.
    """
    versions = files.scan().select("user_id", EVENT_TIME)  # of all users: never in memory as a whole
    mine = versions.join(users.to_frame().lazy(), on="user_id", how="semi")
    last, earliest = pl.collect_all(
        [mine.group_by("user_id").agg(pl.col(EVENT_TIME).max()), versions.select(pl.col(EVENT_TIME).min())]
    )
    found = users.to_frame().join(last, on="user_id", how="left").join(journal.counts(users), on="user_id")
    before = pl.col(EVENT_TIME).fill_null(earliest.item() - timedelta(days=1))
    moment = before + pl.duration(microseconds="len")
    return found.select("user_id", moment.alias(EVENT_TIME), pl.lit(datetime.now(UTC)).cast(_TIME).alias(CREATED))


def _online(repository: FeatureRepository, stored: Mapping[str, pl.DataType], users: pl.Series) -> pl.DataFrame:
    """The users' rows as the online store has them; nulls and empty lists where it knows nothing."""
    columns = {name: dtype for name, dtype in stored.items() if name not in (*_META, "user_id")}
    key = Schema.from_polars(users.to_frame())["user_id"]
    schema = Schema.from_polars(pl.DataFrame(schema=columns))
    reader = FeastReader(repository.folder, "users", key, schema)
    found, _ = reader.read(_ids(users))
    frame = to_frame(found).select(_as_stored(name, dtype) for name, dtype in columns.items())
    return frame.insert_column(0, users)


def _as_stored(name: str, dtype: pl.DataType) -> pl.Expr:
    """A column as Feast was given it: a null is null again, not the value that stands for it in a batch."""
    column = pl.col(name)
    if dtype == pl.String:
        return pl.when(column != "").then(column)
    if dtype.is_float():
        return column.fill_nan(None).cast(dtype)
    if dtype.is_integer():
        return pl.when(column != np.iinfo(np.int64).min).then(column).cast(dtype)
    return column.cast(dtype)


def _ids(users: pl.Series) -> Any:
    return np.array(users.cast(pl.Binary).to_list(), "S") if users.dtype == pl.String else users.to_numpy()
