"""A feature graph of one's own, tried over made-up rows when the YAML is read: what fails later fails here."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ops_gpu.logs import EntityTable
from ops_gpu.primitives.setting_error import SettingError
from recsys_assets.blueprint.blueprint import Blueprint
from recsys_assets.blueprint.feature_graph import Graph, feature_graph

if TYPE_CHECKING:
    import polars as pl


ROWS = 64


def require_workable(blueprint: Blueprint) -> None:
    """Refuses a graph that cannot be fitted, trained on, or served.

    It is built for the columns of the YAML, fitted, and used for the features of users and items. Whether categories
    and ids are numbers or texts is only known with the files; a graph that works with either is taken. So is one whose
    expressions cannot be computed over made-up values alone: only the files tell whether a text is a date, say.

    Raises:
        SettingError: says what the graph lacks, as a fault of the key `workflow`.
    """
    if blueprint.settings.workflow is None:
        return
    failure: Exception | None = None
    try:
        graph = feature_graph(blueprint)
        for users, items, events in _tables(blueprint):
            try:
                _try(graph, users, items, events)
                return
            except _about_values():
                return
            except Exception as error:  # whatever a function of the user's own throws
                failure = failure or error
    except ValueError as error:
        raise SettingError(str(error), "workflow") from error
    said = f"{type(failure).__name__}: {failure}" if not isinstance(failure, ValueError) else str(failure)
    raise SettingError(
        f"the feature graph {blueprint.settings.workflow!r} cannot be used: {said.rstrip('.')}.", "workflow"
    ) from failure


def _about_values() -> tuple[type[Exception], ...]:
    """What is thrown where values, or the types that they have, are not what an expression takes."""
    import polars.exceptions as polars

    from ops_gpu.primitives.finite import NotFiniteError

    wrong = polars.InvalidOperationError, polars.ComputeError, polars.SchemaError, polars.OutOfBoundsError
    return (*wrong, NotFiniteError)


def _try(graph: Graph, users: pl.DataFrame, items: pl.DataFrame, events: pl.DataFrame) -> None:
    from ops_gpu.features.entity_workflow import fit_workflow
    from ops_gpu.features.trainable import require_ids, require_trainable
    from ops_gpu.features.training_data import TrainingData
    from ops_gpu.schema.raw_schema import raw_schema
    from ops_gpu.workflow.servable import require_servable
    from ops_gpu.workflow.workflow import Workflow

    schema = raw_schema(users, items)
    node = graph(schema)
    require_ids(node.names)
    require_servable(node, users.columns)
    fitted = fit_workflow(events, users, items, Workflow(node, schema))
    require_trainable(fitted, users.columns, items.columns)
    TrainingData.assemble(events, users, items, fitted, history_length=2)


def _tables(blueprint: Blueprint) -> Iterator[tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]]:
    """Users, items and events with the columns of the YAML, once for each type that ids and categories may have."""
    import polars as pl

    log = blueprint.settings.interactions
    kinds = [["integer", "string"] if kind == "auto" else [kind] for kind in (log.user_id_type, log.item_id_type)]
    for category, user, item in itertools.product(("string", "integer"), *kinds):
        users = _table("user_id", user, blueprint.settings.users, category)
        items = _table("item_id", item, blueprint.settings.items, category)
        items = items.with_columns(title=pl.lit("a title"), available=pl.lit(True))
        times = pl.datetime_range(pl.datetime(2024, 1, 1), pl.datetime(2024, 1, 4), "1h", closed="left")
        events = pl.select(timestamp=times).head(ROWS).with_columns(label=pl.int_range(pl.len()) % 3 == 0)
        yield users, items, events.with_columns(users["user_id"], items["item_id"])


def _table(key: str, kind: str, table: EntityTable | None, category: str) -> pl.DataFrame:
    import polars as pl

    declared, row = table or EntityTable(), pl.int_range(1, ROWS + 1)
    read = set(declared.model_features)

    def values(number: pl.Expr, kind: str) -> pl.Expr:
        return number if kind == "integer" else pl.format("v{}", number)

    columns = {key: values(row, kind)}
    columns |= {name: values(row % 7, category) for name in declared.categorical if name in read}
    columns |= {name: row / 4 + 1 for name in declared.continuous if name in read}
    columns |= {
        name: pl.concat_list(values(row % 5, category), values(row % 3 + 5, category))
        for name in declared.lists
        if name in read
    }
    return pl.select([expr.alias(name) for name, expr in columns.items()])
