"""PushedEvents: events that reached the feature store before any log that holds them."""

from __future__ import annotations

import contextlib
import fcntl
import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import polars as pl

FILE = "pushed.jsonl"


class PushedEvents:
    """A journal beside the feature store; a snapshot of the logs is written together with what is younger.

    Args:
        folder: of the Feast repository.
        ids: types of `user_id` and `item_id`.
    """

    def __init__(self, folder: Path, ids: dict[str, pl.DataType]) -> None:
        self._path = folder / FILE
        self._schema = {**ids, "timestamp": pl.Datetime("us"), "label": pl.Boolean()}

    def append(self, events: pl.DataFrame) -> None:
        """Adds events: `user_id`, `item_id`, `timestamp` (UTC), `label`."""
        rows = events.select(*self._schema).with_columns(pl.col("timestamp").dt.epoch("us"))
        with self._path.open("a", encoding="utf-8") as file:
            file.write("".join(json.dumps(row) + "\n" for row in rows.iter_rows(named=True)))

    def since(self, moment: datetime) -> pl.DataFrame:
        """The events at or after a moment (UTC), in the order in which they came."""
        if not self._path.exists():
            return pl.DataFrame(schema=self._schema)
        read = {**self._schema, "timestamp": pl.Int64()}
        events = pl.read_ndjson(self._path, schema=read).with_columns(pl.col("timestamp").cast(pl.Datetime("us")))
        return events.filter(pl.col("timestamp") >= moment.replace(tzinfo=None))

    def forget(self, moment: datetime) -> None:
        """Drops the events before a moment: the logs hold them."""
        kept = self.since(moment)
        if self._path.exists():
            aside = self._path.with_name(f".{FILE}")
            aside.unlink(missing_ok=True)
            PushedEvents._write(aside, kept)
            aside.replace(self._path)

    @staticmethod
    def _write(path: Path, events: pl.DataFrame) -> None:
        events.with_columns(pl.col("timestamp").dt.epoch("us")).write_ndjson(path)


def pushed_users(folder: Path) -> set[int | str]:
    """Users with events that the logs may not hold: what is online of them is more than what is offline."""
    path = folder / FILE
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return {json.loads(line)["user_id"] for line in lines}


@contextlib.contextmanager
def only_writer(folder: Path) -> Iterator[None]:
    """One writer of a feature store at a time, over all processes."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".writing.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
