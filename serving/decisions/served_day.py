"""ServedDay: all that was recommended on one day, as one Parquet file that outlives the decision log."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from serving.decisions.files import NUMBER, damaged, decision_files, logged_days, state_of_day

if TYPE_CHECKING:
    import polars as pl

    from serving.decisions.reader import Bits

STATE = "log"
"""The note of a kept file that says what the log was when it was read."""

ROWS = 8_192
"""Rows that are compressed at once: of more it would take as much memory again as the day."""


@dataclass(frozen=True)
class ServedDay:
    """Decisions of one day, without those to requests of tests.

    Args:
        decisions: each once, by time; the columns are those of the log, of all releases that answered.
        bits: what the bits of sources and reasons mean, by release.
        state: of the log when it was read (`state_of_day`).
    """

    decisions: pl.DataFrame
    bits: Mapping[str, Bits]
    state: str = ""

    @classmethod
    def read(cls, folder: Path, day: date) -> ServedDay:
        """Reads a day from a decision log; nobody having asked on that day is no error.

        Args:
            folder: of the log.
            day: in UTC; may still be going on.

        Raises:
            FileNotFoundError: when nothing was ever logged there.
        """
        from serving.decisions.reader import read_decisions

        if not logged_days(folder):
            raise FileNotFoundError(
                f"There is no decision log in {folder}, expected {folder / 'day=YYYY-MM-DD'}/*.parquet; deploy the "
                "recommender and ask it, with a log_rate above 0."
            )
        state = state_of_day(folder, day)  # first, so that what is written while we read counts as not read
        try:
            decisions = read_decisions(folder, day)
        except FileNotFoundError:
            return cls(_nothing(), {}, state)
        return cls(_in_order(decisions), _bits(folder, day), state)

    @classmethod
    def load(cls, path: Path) -> ServedDay:
        """Reads what `save` wrote.

        Raises:
            FileNotFoundError: when there is no such file.
            ValueError: when it is damaged; names it.
        """
        import polars as pl

        try:
            notes = pl.read_parquet_metadata(path)  # without ours where somebody wrote it anew, to leave out a person
            return cls(pl.read_parquet(path, glob=False), json.loads(notes.get("bits", "{}")), notes.get(STATE, ""))
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException, json.JSONDecodeError) as error:
            raise damaged(path, error) from error

    def added_to(self, older: ServedDay) -> ServedDay:
        """With what was kept of this day before: a log that is just being deleted takes nothing away."""
        import polars as pl

        from serving.decisions.reader import key_of

        key = [name for name in key_of(self.decisions) if name in older.decisions.columns]
        decisions = self.decisions
        lost = older.decisions.join(decisions.select(key), on=key, how="anti", nulls_equal=True)
        if lost.height:  # hardly ever; decisions are large
            decisions = _in_order(pl.concat([decisions, lost], how="diagonal_relaxed"))
        return ServedDay(decisions, {**older.bits, **self.bits}, self.state)

    def save(self, path: Path) -> None:
        """Writes the decisions as Parquet, with the names of bits and the state of the log in its notes."""
        notes = {"bits": json.dumps(self.bits, sort_keys=True), STATE: self.state}
        self.decisions.write_parquet(path, metadata=notes, row_group_size=ROWS)


def kept_state(path: Path) -> str | None:
    """What the log was when this day was kept; None where it was not, or where its notes cannot be read."""
    import polars as pl

    with suppress(FileNotFoundError, pl.exceptions.PolarsError, pl.exceptions.PanicException):
        return pl.read_parquet_metadata(path).get(STATE)
    return None


def _bits(folder: Path, day: date) -> dict[str, Bits]:
    """Names of bits by release, from the notes of the files."""
    import polars as pl

    found: dict[str, Bits] = {}
    for path in decision_files(folder, day):
        with suppress(FileNotFoundError):  # it was joined into a larger one meanwhile
            notes = pl.read_parquet_metadata(path)
            if "bits" in notes:
                found[notes["release"]] = json.loads(notes["bits"])
    return found


def _in_order(decisions: pl.DataFrame) -> pl.DataFrame:
    """By time and release, so that equal decisions give equal files, however the log was cut into files."""
    from serving.decisions.reader import key_of

    key = key_of(decisions)
    order = decisions.select(key).with_row_index().sort(key)["index"]
    return decisions if order.is_sorted() else decisions[order]


def _nothing() -> pl.DataFrame:
    """A day without decisions: what is known of it are the columns that every log has."""
    import polars as pl

    moment = pl.Datetime("us", "UTC")
    heads: Any = {"request": pl.String, "row": pl.Int32, "time": moment, "release": pl.String, NUMBER: pl.Int64}
    return pl.DataFrame(schema=heads)
