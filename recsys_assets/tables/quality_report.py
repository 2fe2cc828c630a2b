"""The account of the last read of the raw log, kept beside the interactions for their checks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from ops_gpu.logs import CleanReport
from recsys_assets.blueprint.blueprint import Blueprint
from recsys_assets.blueprint.json_files import read_json, write_json

FILE = "report.json"


def save_report(
    report: CleanReport, days: Sequence[date], written: bool, blueprint: Blueprint, kept: int, emptied: int
) -> None:
    """Keeps the account of a read of these days.

    Args:
        report: what could not be used.
        days: those that were read.
        written: whether they were good enough to be.
        blueprint: the recommender.
        kept: events of files that are gone.
        emptied: days of which no file holds events any more.
    """
    values = {
        **report.to_dict(),
        "first_day": str(min(days)),
        "last_day": str(max(days)),
        "written": written,
        "kept": kept,
        "emptied": emptied,
    }
    write_json(values, blueprint.home.interactions_folder(blueprint.name) / FILE)


def load_report(blueprint: Blueprint) -> Mapping[str, Any]:
    """The account of the last read.

    Raises:
        FileNotFoundError: before the first one.
    """
    path = blueprint.home.interactions_folder(blueprint.name) / FILE
    found = read_json(path)
    if found is None:
        raise FileNotFoundError(
            f"{path} does not exist: nothing was read yet; materialize {blueprint.name}/interactions first."
        )
    values: Mapping[str, Any] = found
    return values
