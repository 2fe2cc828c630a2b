"""Looking through all files of a recommender for the type of its ids."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from ops_gpu.logs.entities import EntityTable
from ops_gpu.logs.files import list_files
from ops_gpu.logs.identifiers import IdType, IdTypes, decide
from ops_gpu.logs.interactions import InteractionLog
from ops_gpu.logs.naming import named_in
from ops_gpu.logs.place import LogPlace
from ops_gpu.logs.reader import read_file
from ops_gpu.logs.source import LogSource


def decide_id_types(
    log: InteractionLog, place: LogPlace, users: EntityTable | None = None, items: EntityTable | None = None
) -> IdTypes:
    """The types of user and item ids, over the interactions and both tables together.

    What the log declares holds; what it leaves to `auto` becomes `integer` only if every id in every file is
    a plain integer. Rows that the filters leave out do not vote.
    Keep the answer beside the data made with it (`IdTypes.to_dict`): a later file must not change it.

    Args:
        log: the interactions.
        place: base folder and variables of paths.
        users: the users table, if there is one.
        items: the items table, if there is one.

    Returns:
        The types.

    Raises:
        LogError: when a file cannot be read, or files contradict each other.
    """
    return IdTypes(
        user=_decide("user", log.user_id_type, log, users, place),
        item=_decide("item", log.item_id_type, log, items, place),
    )


def _decide(role: str, declared: str, log: InteractionLog, table: EntityTable | None, place: LogPlace) -> IdType:
    if declared == "integer":
        return "integer"
    if declared == "string":
        return "string"
    return decide(role, _columns(role, log, table, place))


def _columns(
    role: str, log: InteractionLog, table: EntityTable | None, place: LogPlace
) -> Iterator[tuple[str, pl.Series]]:
    column = log.user if role == "user" else log.item
    filters = log.conditions
    needed = [column, *(name for condition in filters for name in condition.columns)]
    for path, frame in _frames(log.source, needed, place, log):
        mask = [condition.mask(frame, path) for condition in filters]
        yield path, frame.filter(*mask)[column] if mask else frame[column]
    if table and table.source and table.id:
        for path, frame in _frames(table.source, [table.id], place, table):
            yield path, frame[table.id]


def _frames(
    source: LogSource, columns: list[str], place: LogPlace, settings: InteractionLog | EntityTable
) -> Iterator[tuple[str, pl.DataFrame]]:
    for file in list_files(source, place):
        with named_in(settings):
            frame = read_file(file, source, columns)[0]
        yield file.path, frame
