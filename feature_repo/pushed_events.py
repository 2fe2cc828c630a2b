"""PushedEvents: events that reached the feature store before any log that holds them."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
from filelock import FileLock

FILE = "pushed.jsonl"
_held = threading.local()


class PushedEvents:
    """A journal beside the feature store; a snapshot of the logs is written together with what is younger.

    Whoever changes it is the only writer (`only_writer`).

    Args:
        folder: of the Feast repository.
        ids: types of `user_id` and `item_id`.
    """

    def __init__(self, folder: Path, ids: dict[str, pl.DataType]) -> None:
        self._path = folder / FILE
        self._schema = {**ids, "timestamp": pl.Datetime("us"), "label": pl.Boolean()}

    @contextlib.contextmanager
    def appended(self, events: pl.DataFrame) -> Iterator[None]:
        """Adds events: `user_id`, `item_id`, `timestamp` (UTC), `label`; takes them back where the body fails."""
        rows = events.select(*self._schema).with_columns(pl.col("timestamp").dt.epoch("us"))
        whole = sum(map(len, _lines(self._path)))
        with self._path.open("ab") as file:
            file.truncate(whole)  # a line that broke off was never confirmed
            try:
                file.write("".join(json.dumps(row) + "\n" for row in rows.iter_rows(named=True)).encode())
                file.flush()
                yield
            except BaseException:
                file.truncate(whole)
                raise

    def all(self) -> pl.DataFrame:
        """All events, in the order in which they came.

        Raises:
            ValueError: when they are of ids of other types.
        """
        rows = [json.loads(line) for line in _lines(self._path)]
        try:
            types = {**self._schema, "timestamp": pl.Int64()}
            events = pl.DataFrame([pl.Series(name, [row[name] for row in rows], kind) for name, kind in types.items()])
        except TypeError as error:
            kinds = ", ".join(f"{name} of {dtype}" for name, dtype in self._schema.items() if name.endswith("_id"))
            raise ValueError(
                f"{self._path} holds events with ids of other types than {kinds}: {error}; delete it if the type of "
                f"ids was changed."
            ) from error
        return events.with_columns(pl.col("timestamp").cast(pl.Datetime("us")))

    def since(self, moment: datetime) -> pl.DataFrame:
        """The events at or after a moment (UTC)."""
        return self.all().filter(pl.col("timestamp") >= _naive(moment))

    def forget(self, moment: datetime) -> None:
        """Drops the events before a moment: the logs hold them."""
        if not self._path.exists():
            return
        aside = self._path.with_name(f".{FILE}")
        kept = self.since(moment)
        kept.with_columns(pl.col("timestamp").dt.epoch("us")).write_ndjson(aside)
        aside.replace(self._path)


def pushed_users(folder: Path) -> list[Any]:
    """Users with events that the logs may not hold: what is online of them is more than what is offline."""
    return sorted({json.loads(line)["user_id"] for line in _lines(folder / FILE)})


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


def _lines(path: Path) -> list[bytes]:
    """The whole lines of the journal."""
    lines = path.read_bytes().splitlines(keepends=True) if path.exists() else []
    return lines if not lines or lines[-1].endswith(b"\n") else lines[:-1]


def _naive(moment: datetime) -> datetime:
    return moment if moment.tzinfo is None else moment.astimezone(UTC).replace(tzinfo=None)
