"""The types of the further columns that are kept of every event: one decision for all days."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from ops_gpu.logs.errors.log_error import LogError
from ops_gpu.logs.errors.reading import reading
from ops_gpu.logs.files.listing import list_files
from ops_gpu.logs.files.place import LogPlace
from ops_gpu.logs.files.reader import read_file
from ops_gpu.logs.interactions import InteractionLog
from ops_gpu.logs.naming import named_in
from ops_gpu.logs.values.id_values import IdType
from ops_gpu.logs.values.whole_numbers import are_whole


def decide_kept_types(log: InteractionLog, place: LogPlace) -> dict[str, IdType]:
    """Whether the categorical columns of a log are integers or text, over all its files.

    A column is of integers where some files type it so and all others hold whole numbers (`17.0`, which pandas makes
    of 17 beside a missing value) or nothing; else it is text. Files that cannot be read have no vote.

    Args:
        log: the interactions.
        place: base folder and variables of paths.

    Returns:
        `integer` or `string` by column.
    """
    if not log.categorical:
        return {}
    votes: dict[str, set[str]] = {name: set() for name in log.categorical}
    for file in list_files(log.source, place):
        try:
            with named_in(log):
                frame = read_file(file, log.source, list(log.categorical))[0]
            with reading(file.path):
                for name in log.categorical:
                    votes[name].add(_vote(frame[name]))
        except LogError:
            continue
    return {name: _decided(found) for name, found in votes.items()}


def _vote(values: pl.Series) -> str:
    there = values.drop_nulls()
    if there.dtype.is_nested():  # which fails the days of that file
        return "nothing"
    if there.dtype.is_float():
        return "whole" if are_whole(there) else "string" if there.is_finite().any() else "nothing"
    if there.is_empty():
        return "nothing"
    wide = there.dtype.is_integer() and there.cast(pl.Int64, strict=False).null_count() > 0
    return "integer" if there.dtype.is_integer() and not wide else "string"


def _decided(votes: Iterable[str]) -> IdType:
    found = set(votes)
    return "integer" if "integer" in found and "string" not in found else "string"
