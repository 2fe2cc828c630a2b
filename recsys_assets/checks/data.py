"""Checks of the raw data in its canonical form: contract, volume, and ids that meet."""

# No `from __future__ import annotations`: Dagster reads the annotations of what it decorates.

import dagster as dg

from ops_gpu.logs import EntityTable
from recsys_assets.assets.data.entities import Kind
from recsys_assets.blueprint.blueprint import Blueprint
from recsys_assets.checks.contract import contract
from recsys_assets.checks.known_ids import known_ids
from recsys_assets.checks.volume import volume


def data_checks(blueprint: Blueprint) -> list[dg.AssetChecksDefinition]:
    """The checks of `interactions`, `users` and `items`."""
    tables: tuple[tuple[Kind, EntityTable | None], ...] = (
        ("users", blueprint.settings.users),
        ("items", blueprint.settings.items),
    )
    return [
        contract(blueprint, "interactions"),
        contract(blueprint, "users"),
        contract(blueprint, "items"),
        volume(blueprint),
        *(known_ids(blueprint, kind, table.source.path) for kind, table in tables if table and table.source),
    ]
