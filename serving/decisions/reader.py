"""Reading a decision log."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from serving.decisions.files import NUMBER, damaged, decision_files
from serving.decisions.trace import REQUEST
from serving.ensemble.ensemble import Ensemble
from serving.request.columns import Columns
from serving.request.frames import to_columns
from serving.request.recommendation import Id

if TYPE_CHECKING:
    import polars as pl

logger = logging.getLogger(__name__)
Bits = dict[str, dict[str, int]]
"""Names of bits, `source` and `reason`."""
TEST = "test-"
"""What the ids of requests begin with that no user made: warm-up, smoke tests, shadows, load tests."""
KEY = ("time", NUMBER, "request", "row", "release")
"""What no two decisions have in common, in their order. The id of a request and a moment do not tell two apart: whoever
asks may use an id twice, and those that come together are answered in one pass."""


def read_decisions(folder: Path, day: date | None = None, tests: bool = False) -> pl.DataFrame:
    """All decisions of a day (or of all days), in order of time; files of several releases are joined by name.

    Args:
        folder: of the log.
        day: in UTC; None for all.
        tests: with those to requests that no user made.

    Raises:
        FileNotFoundError: when nothing was logged.
        ValueError: when a file is damaged; names it. So does whatever else reads decisions here.
    """
    import polars as pl

    for _ in range(3):  # files that were joined to a larger one meanwhile are looked for again
        files = decision_files(folder, day)[::-1]  # the oldest first: rows come in order
        frames = [frame for path in files if (frame := _read(path, _wanted(tests))) is not None]
        if len(frames) == len(files):
            break
    if not frames:
        raise FileNotFoundError(f"There are no decisions in {folder}" + (f" of {day}" if day else "") + ".")
    return _once(pl.concat(frames, how="diagonal_relaxed"))


def find_request(folder: Path, request: str) -> tuple[pl.DataFrame, dict[str, Bits]]:
    """The decisions of one request, a row a user, and the names of bits by release.

    A canary shares a request between two releases: the rows of both are found, those of one release together.

    Raises:
        LookupError: when no such request was logged.
    """
    import polars as pl

    found: list[pl.DataFrame] = []
    bits: dict[str, Bits] = {}
    for path in decision_files(folder):
        if found and str(found[0]["time"].dt.date()[0]) != path.parent.name.removeprefix("day="):
            break
        part = _read(path, pl.col("request") == request)
        if part is not None and part.height:
            notes = pl.read_parquet_metadata(path)
            bits[notes["release"]] = json.loads(notes["bits"])
            found.append(part)
    if not found:
        raise LookupError(
            f"No request {request!r} is in {folder}; it may lie outside the sampled share, or be younger than a few "
            f"seconds, or its day may have been deleted."
        )
    return _once(pl.concat(found, how="diagonal_relaxed")).sort("release", maintain_order=True), bits


def newest_decisions(folder: Path, most: int, tests: bool = False) -> Iterator[pl.DataFrame]:
    """The newest decisions, newest first, file by file, until there are `most` rows.

    Args:
        folder: of the log.
        most: rows.
        tests: with those to requests that no user made.
    """
    for path in decision_files(folder):
        frame = _read(path, _wanted(tests))
        if frame is not None and frame.height:
            yield frame.sort(key_of(frame), descending=True, nulls_last=True).head(most)
            most -= min(most, frame.height)
        if most == 0:
            return


def recent_users(folder: Path | None, most: int) -> list[Id]:
    """Different users who were answered last, to try a release with; none where the log cannot be read.

    Args:
        folder: of the log; None where there is none.
        most: users.
    """
    users: dict[Id, None] = {}
    try:
        for frame in newest_decisions(folder, 50 * most) if folder is not None else ():
            users.update(dict.fromkeys(frame["user_id"].to_list()))
            if len(users) >= most:
                break
    except Exception as error:  # a deployment must not fail for want of a log
        logger.warning("The decisions in %s cannot be read: %s", folder, error)
    return list(users)[:most]


def request_columns(decisions: pl.DataFrame, ensemble: Ensemble) -> Columns:
    """The batch that logged requests made, for the same ensemble or for one of other inputs.

    Columns that the log does not have are left out, as a request may.
    """
    names = {name: name if name == "user_id" else f"{REQUEST}{name}" for name in ensemble.inputs.names}
    logged = {name: column for name, column in names.items() if column in decisions.columns}
    frame = decisions.select(**logged)
    schema = ensemble.inputs.select_by_name(list(logged))
    wide = [column.name for column in schema if "padded" in column.properties]
    columns = to_columns(frame, type(schema)(c.with_dtype(c.dtype, is_list=c.name in wide) for c in schema))
    for name in wide:
        lists: Any = columns[name]
        columns[name] = lists.to_dense(lists.lengths.max(initial=0), ensemble.inputs[name].properties["default"])
    return columns


def key_of(decisions: pl.DataFrame) -> list[str]:
    """The columns of `KEY` that decisions have."""
    return [name for name in KEY if name in decisions.columns]


def _wanted(tests: bool) -> pl.Expr:
    import polars as pl

    return pl.lit(True) if tests else ~pl.col("request").str.starts_with(TEST)


def _once(decisions: pl.DataFrame) -> pl.DataFrame:
    """In order of time; what is in two files, because it was just being joined, counts once."""
    # By the keys alone: decisions are large, and mostly in order already.
    key = key_of(decisions)
    keys = decisions.select(key).with_row_index("place")
    places = keys.unique(key, keep="first").sort(key)["place"]
    return decisions if len(places) == decisions.height and places.is_sorted() else decisions[places]


def _read(path: Path, where: pl.Expr) -> pl.DataFrame | None:
    """A file's rows; None where it was joined into a larger one meanwhile."""
    import polars as pl

    try:
        return pl.scan_parquet(path).filter(where).collect()
    except FileNotFoundError:
        return None
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        raise damaged(path, error) from error
