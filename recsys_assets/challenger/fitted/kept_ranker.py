"""The ranker of the challenger before, where the next one can go on from it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from recsys_assets.blueprint.blueprint import Blueprint
from recsys_assets.blueprint.json_files import read_json, write_json
from recsys_assets.challenger.fitted.kept_fit import fitted_since
from recsys_assets.challenger.fitted.models import FIT, challenger_workflow, ranker
from recsys_assets.tables.data_version import hash_files

if TYPE_CHECKING:
    from ops_gpu.models.contract import Ranker

How = Literal["anew", "continued", "as before"]


class RankerNotes(NamedTuple):
    """What a ranker was made from.

    Args:
        since: when the retrieval models were fitted anew that it stands beside.
        made_by: hash of code and settings.
        workflow: hash of the workflow whose codes it reads.
        lists: hash of what its lists were made from.
    """

    since: str
    made_by: str
    workflow: str
    lists: str


def ranker_notes(blueprint: Blueprint, made_by: str, lists: str) -> RankerNotes:
    """What the next ranker is made from, by hash of code and settings, and of its lists."""
    return RankerNotes(fitted_since(blueprint), made_by, challenger_workflow(blueprint).hash(), lists)


def note_ranker(folder: Path, notes: RankerNotes) -> None:
    """Says beside a ranker what it was made from, and which bytes it is."""
    model = hash_files(sorted(folder.iterdir()))
    write_json({**notes._asdict(), "model": model}, folder / FIT)


def kept_ranker(blueprint: Blueprint, notes: RankerNotes) -> tuple[Ranker | None, How]:
    """The ranker that is there, to go on from, and what the next one is to it.

    It goes on where the retrieval models do, so that a challenger has learned no less than the live release that it is
    compared with. It is the same where lists and codes are the same.

    Args:
        blueprint: the recommender.
        notes: what the next ranker is made from.
    """
    folder = blueprint.home.ranking_model(blueprint.name)
    noted = read_json(folder / FIT)
    if noted is None:
        return None, "anew"
    model = hash_files(sorted(path for path in folder.iterdir() if path.name != FIT))
    before = RankerNotes(*(str(noted.get(name, "")) for name in RankerNotes._fields))
    if not notes.since or before[:2] != notes[:2] or noted.get("model") != model:
        return None, "anew"
    return ranker(blueprint), "as before" if before == notes else "continued"
