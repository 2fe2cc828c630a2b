"""PushedEvents: events that reached the feature store before any log that holds them."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
from filelock import FileLock

FILE = "pushed.db"
EARLIER = "pushed.jsonl"
"""What versions before this one wrote; its events are taken over when the journal is next opened."""
NUMBER, PUSHED = "number", "pushed"
_TABLES = """
CREATE TABLE IF NOT EXISTS events (
    number INTEGER PRIMARY KEY AUTOINCREMENT, user_id NOT NULL, item_id NOT NULL, timestamp INTEGER NOT NULL,
    label INTEGER NOT NULL, pushed INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS by_user ON events (user_id);
CREATE TABLE IF NOT EXISTS taken_over (file INTEGER, bytes INTEGER);
"""
_held = threading.local()


class PushedEvents:
    """A journal beside the feature store; a snapshot of the logs is written together with what they do not hold yet.

    Adding events takes as long whatever waits already: it is a SQLite file with an index by user. Whoever changes it is
    the only writer (`only_writer`).

    Args:
        folder: of the Feast repository.
        ids: types of `user_id` and `item_id`.
    """

    def __init__(self, folder: Path, ids: dict[str, pl.DataType]) -> None:
        self._folder = folder
        self._schema = {**ids, "timestamp": pl.Datetime("us"), "label": pl.Boolean()}

    @contextlib.contextmanager
    def appended(self, events: pl.DataFrame) -> Iterator[None]:
        """Adds events: `user_id`, `item_id`, `timestamp` (UTC), `label`; takes them back where the body fails."""
        rows = events.select(*self._schema).with_columns(pl.col("timestamp").dt.epoch("us"))
        with _journal(self._folder, make=True) as journal:
            (last,) = journal.execute("SELECT coalesce(max(number), 0) FROM events").fetchone()
            _insert(journal, rows.rows())
        try:
            yield
        except BaseException:
            with _journal(self._folder, make=True) as journal:
                journal.execute("DELETE FROM events WHERE number > ?", (last,))
            raise

    def all(self) -> pl.DataFrame:
        """All events, in the order in which they came, with `number` and `pushed` (UTC), when they were added.

        Raises:
            ValueError: when they are of ids of other types.
        """
        with _journal(self._folder) as journal:
            found = journal.execute("SELECT user_id, item_id, timestamp, label, number, pushed FROM events").fetchall()
        moment = pl.Datetime("us")
        types = {**self._schema, "timestamp": pl.Int64(), "label": pl.Int8(), NUMBER: pl.Int64(), PUSHED: pl.Int64()}
        columns: Any = zip(*found, strict=True) if found else ((),) * len(types)
        try:
            events = pl.DataFrame([pl.Series(*column) for column in zip(types, columns, types.values(), strict=True)])
        except TypeError as error:
            kinds = ", ".join(f"{name} of {dtype}" for name, dtype in self._schema.items() if name.endswith("_id"))
            raise ValueError(
                f"{self._folder / FILE} holds events with ids of other types than {kinds}: {error}; delete it if the "
                "type of ids was changed."
            ) from error
        return events.with_columns(pl.col("timestamp", PUSHED).cast(moment), pl.col("label").cast(pl.Boolean))

    def counts(self, users: pl.Series) -> pl.DataFrame:
        """How many events (`len`) there are of each of some users, by `user_id`; those without any are left out."""
        with _journal(self._folder) as journal:
            query = "SELECT count(*) FROM events WHERE user_id = ?"
            found = [journal.execute(query, (user,)).fetchone()[0] for user in users.to_list()]
        counts = pl.DataFrame([users.alias("user_id"), pl.Series("len", found, pl.UInt32)])
        return counts.filter(pl.col("len") > 0)

    def forget(self, numbers: pl.Series) -> None:
        """Drops events by their `number`: the logs hold them, or never will."""
        with _journal(self._folder) as journal:
            journal.executemany("DELETE FROM events WHERE number = ?", ((number,) for number in numbers.to_list()))


def pushed_users(folder: Path) -> list[Any]:
    """Users with events that the logs may not hold: what is online of them is more than what is offline."""
    with _journal(folder) as journal:
        return [user for (user,) in journal.execute("SELECT DISTINCT user_id FROM events ORDER BY user_id")]


@contextlib.contextmanager
def only_writer(folder: Path) -> Iterator[None]:
    """One writer of a feature store at a time, over all processes; a thread may enter again what it holds."""
    held: set[Path] = _held.__dict__.setdefault("folders", set())
    if folder in held:
        yield
        return
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / ".writing.lock"):
        held.add(folder)
        try:
            yield
        finally:
            held.discard(folder)


@contextlib.contextmanager
def _journal(folder: Path, make: bool = False) -> Iterator[sqlite3.Connection]:
    """The journal, open for one transaction; an empty one in memory where there is none, unless it is to be made."""
    earlier = folder / EARLIER
    made = make or earlier.exists() or (folder / FILE).exists()
    with contextlib.closing(sqlite3.connect(folder / FILE if made else ":memory:", timeout=60.0)) as journal:
        # Readers do not wait for a writer, and an event costs no flush of the disk.
        journal.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;" + _TABLES)
        with journal:
            if earlier.exists():
                _take_over(journal, earlier)
        with journal:
            yield journal


def _take_over(journal: sqlite3.Connection, earlier: Path) -> None:
    """Adds the events of an earlier version's file once, even where nobody came to remove it after that."""
    with contextlib.suppress(FileNotFoundError), only_writer(earlier.parent):
        state = earlier.stat()
        mark = (state.st_ino, state.st_size)
        if not journal.execute("SELECT 1 FROM taken_over WHERE file = ? AND bytes = ?", mark).fetchone():
            lines = earlier.read_bytes().splitlines(keepends=True)
            whole = [
                json.loads(line) for line in lines if line.endswith(b"\n")
            ]  # one that broke off was never confirmed
            _insert(
                journal, [tuple(row[name] for name in ("user_id", "item_id", "timestamp", "label")) for row in whole]
            )
            journal.execute("INSERT INTO taken_over VALUES (?, ?)", mark)
        journal.commit()
        earlier.unlink()
        journal.execute("DELETE FROM taken_over")  # another file may come to have its number


def _insert(journal: sqlite3.Connection, rows: list[tuple[Any, ...]]) -> None:
    now = int(datetime.now(UTC).timestamp() * 1e6)
    query = "INSERT INTO events (user_id, item_id, timestamp, label, pushed) VALUES (?, ?, ?, ?, ?)"
    journal.executemany(query, ((*row, now) for row in rows))
