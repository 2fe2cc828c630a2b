"""EncodedDays: who did what, read from the feature rows of days in the codes of any workflow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from ops_gpu.features.feature_table import UNKNOWN_CODE
from ops_gpu.features.training_data import encode_ids
from ops_gpu.interactions.events import Events
from ops_gpu.workflow.workflow import Workflow

NAMELESS = {"user_id": "unknown_user", "item_id": "unknown_item"}
"""Columns of feature rows with the ids that had no code of their own when the row was made, and null else."""
AT_ONCE = 32 << 20
"""Bytes of files that are read in one go: a file by itself takes longer to open than its rows to read."""


@dataclass(frozen=True)
class EncodedDays:
    """Feature rows of days.

    Args:
        files: as `EventFeatures` makes them, a Parquet file a day.
        workflow: gave the codes, or has appended to those that it gave since.
    """

    files: Mapping[date, Path]
    workflow: Workflow

    def fits(self, workflow: Workflow) -> bool:
        """Whether models of a workflow can read the rows: of all columns that it gives, every code is the same value.

        Args:
            workflow: one that the rows' went on from, or another.
        """
        return set(workflow.output_columns) <= set(self.workflow.output_columns) and all(
            _begins_with(self.workflow, workflow, name) for name in workflow.output_columns
        )

    def events(self, workflow: Workflow, until: date | None = None) -> Events:
        """The events, 17 bytes each, in order of time.

        Args:
            workflow: gives the codes: the same one, one that it went on from, or one of another fit.
            until: last day wanted; None for all.
        """
        wanted = [path for day, path in sorted(self.files.items()) if until is None or day <= until]
        user, item = (_Codes.between(column, self.workflow, workflow) for column in NAMELESS)
        none = {"user": np.int32, "item": np.int32, "time": np.int64, "positive": np.bool_}
        parts: dict[str, list[npt.NDArray[Any]]] = {name: [np.empty(0, dtype)] for name, dtype in none.items()}
        columns = [*NAMELESS, *NAMELESS.values(), "timestamp", "label"]
        for some in _blocks(wanted):
            frame = pl.scan_parquet(some, glob=False, extra_columns="ignore").select(columns).collect()
            parts["user"].append(user.of(frame))
            parts["item"].append(item.of(frame))
            parts["time"].append(frame["timestamp"].dt.epoch("s").to_numpy())
            parts["positive"].append(frame["label"].to_numpy())
        found = {name: np.concatenate(values) for name, values in parts.items()}
        return Events(**found, users=user.size, items=item.size)


def _blocks(files: Sequence[Path]) -> Iterator[list[Path]]:
    """Files in order, of about `AT_ONCE` bytes together, one at least."""
    block, size = list[Path](), 0
    for file in files:
        if block and size + file.stat().st_size > AT_ONCE:
            yield block
            block, size = [], 0
        block.append(file)
        size += file.stat().st_size
    if block:
        yield block


def _begins_with(longer: Workflow, workflow: Workflow, column: str) -> bool:
    """Whether all codes of a column are also those of another workflow, which may have more."""
    if not workflow.has_vocabulary(column):
        return not longer.has_vocabulary(column)
    known = workflow.vocabulary(column)
    return (
        longer.has_vocabulary(column)
        and longer.first_code(column) == workflow.first_code(column)
        and longer.vocabulary(column).head(len(known)).equals(known)
    )


@dataclass(frozen=True)
class _Codes:
    """What the codes of one workflow are in another.

    Args:
        column: `user_id` or `item_id`.
        workflow: the other.
        codes: int32, by code of the one.
    """

    column: str
    workflow: Workflow
    codes: npt.NDArray[np.int32]

    @classmethod
    def between(cls, column: str, one: Workflow, other: Workflow) -> _Codes:
        first, values = one.first_code(column), one.vocabulary(column)
        codes = np.full(first + len(values), UNKNOWN_CODE, np.int32)
        codes[:UNKNOWN_CODE] = np.arange(UNKNOWN_CODE)
        codes[first:] = encode_ids(values.alias(column), other)
        return cls(column, other, codes)

    @property
    def size(self) -> int:
        return self.workflow.output_schema[self.column].cardinality or 0

    def of(self, frame: pl.DataFrame) -> npt.NDArray[np.int32]:
        found: npt.NDArray[np.int32] = self.codes[frame[self.column].to_numpy()]
        nameless = frame[NAMELESS[self.column]]
        if nameless.null_count() < len(nameless):
            places = np.flatnonzero(nameless.is_not_null().to_numpy())
            found[places] = encode_ids(nameless.drop_nulls().alias(self.column), self.workflow)
        return found
