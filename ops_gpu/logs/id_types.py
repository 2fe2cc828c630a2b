"""Looking through all files of a recommender for the type of its ids."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from ops_gpu.logs.entities import EntityTable
from ops_gpu.logs.errors.log_error import LogError
from ops_gpu.logs.files.listing import list_files
from ops_gpu.logs.files.place import LogPlace
from ops_gpu.logs.files.reader import read_file
from ops_gpu.logs.interactions import InteractionLog
from ops_gpu.logs.kept_types import decide_kept_types
from ops_gpu.logs.naming import named_in
from ops_gpu.logs.values.id_values import IdType
from ops_gpu.logs.values.identifiers import IdTypes, decide


def decide_id_types(
    log: InteractionLog, place: LogPlace, users: EntityTable | None = None, items: EntityTable | None = None
) -> IdTypes:
    """The types of user and item ids, over the interactions and both tables together, and of kept categories.

    What the log declares holds; what it leaves to `auto` becomes `integer` only if every id in every file is
    a plain integer. Rows that the filters leave out do not vote, nor do files of the log that cannot be read, or
    hold something else than most of them (see `decide`).
    Keep the answer beside the data made with it (`IdTypes.to_dict`): a later file must not change it.

    Args:
        log: the interactions.
        place: base folder and variables of paths.
        users: the users table, if there is one.
        items: the items table, if there is one.

    Returns:
        The types.

    Raises:
        LogError: when no file of the log can be read, or one of a table cannot, or files contradict each other.
    """
    return IdTypes(
        user=_decide("user", log.user_id_type, log, users, place),
        item=_decide("item", log.item_id_type, log, items, place),
        kept=decide_kept_types(log, place),
    )


def _decide(role: str, declared: str, log: InteractionLog, table: EntityTable | None, place: LogPlace) -> IdType:
    if declared == "integer":
        return "integer"
    if declared == "string":
        return "string"
    return decide(role, _of_log(log.user if role == "user" else log.item, log, place), _of_table(table, place))


def _of_table(table: EntityTable | None, place: LogPlace) -> Iterator[tuple[str, pl.Series]]:
    if table and table.source and table.id:
        for file in list_files(table.source, place):
            with named_in(table):
                frame = read_file(file, table.source, [table.id], ids=[table.id])[0]
            yield file.path, frame[table.id]


def _of_log(column: str, log: InteractionLog, place: LogPlace) -> Iterator[tuple[str, pl.Series]]:
    """Ids of the rows that pass the filters, of every file that can be read."""
    files, errors = list_files(log.source, place), list[LogError]()
    needed = [column, *(name for condition in log.conditions for name in condition.columns)]
    for file in files:
        try:
            with named_in(log):
                frame = read_file(file, log.source, needed, ids=[column])[0]
            masks = [condition.mask(frame, file.path) for condition in log.conditions]
        except LogError as error:
            errors.append(error)
            continue
        yield file.path, frame.filter(*masks)[column] if masks else frame[column]
    if len(errors) == len(files):
        raise errors[0]
