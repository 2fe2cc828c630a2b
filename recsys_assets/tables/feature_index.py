"""The index of the daily feature rows: which days there are, and what the rows of each were made from."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path

from recsys_assets.blueprint.blueprint import Blueprint
from recsys_assets.blueprint.json_files import read_json, remove, write_json

INDEX = "index.json"


def index_of(blueprint: Blueprint) -> Path:
    """File of the index; readers of rows go by it, and it is written last."""
    return blueprint.home.features_folder(blueprint.name) / INDEX


def forget_days(blueprint: Blueprint, days: Iterable[date]) -> None:
    """Takes days out that are none of events any more, with their rows."""
    gone, index = set(map(str, days)), read_json(index_of(blueprint))
    if index is not None and not gone.isdisjoint(index["days"]):
        kept = {day: key for day, key in index["days"].items() if day not in gone}
        write_json({**index, "days": kept}, index_of(blueprint))
    for day in gone:
        remove(blueprint.home.features(blueprint.name, day))
