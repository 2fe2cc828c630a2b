"""The data contract of interactions, users and items."""

# No `from __future__ import annotations`: Dagster reads the annotations of what it decorates.

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg

from ops_gpu.logs.values.id_values import IdType
from ops_gpu.logs.values.identifiers import IdTypes, id_dtype
from recsys_assets.blueprint.blueprint import Blueprint
from recsys_assets.tables.id_types import decided_id_types

if TYPE_CHECKING:
    from ops_gpu.schema.schema import Schema

CONTRACT = """The columns that everything below reads are there, with the types that were decided when this
recommender was first built, and without nulls. Fails when a source changed its layout or the type of its ids:
an id that changes its type would be another id. That needs a word of the YAML (`user_id_type`, `item_id_type`)."""


ROLES: dict[str, tuple[str, ...]] = {"interactions": ("user", "item"), "users": ("user",), "items": ("item",)}


def contract(blueprint: Blueprint, asset: str) -> dg.AssetChecksDefinition:
    """The check of one of the assets `interactions`, `users` and `items`."""

    @dg.asset_check(asset=blueprint.key(asset), name="contract", description=CONTRACT, blocking=True)
    def check() -> dg.AssetCheckResult:
        types, changed = decided_id_types(blueprint)
        wanted, paths = _schema(types, asset), _files(blueprint, asset)
        problems = [*_unsaid(changed, asset), *(breach for path in paths for breach in _breaches(path, wanted))]
        problems = problems if paths else [f"there is no file of {asset}, expected one at least; materialize {asset}"]
        found = "; ".join(problems[:5]) or f"{len(paths)} files hold {', '.join(wanted.names)}"
        return dg.AssetCheckResult(passed=not problems, description=found, metadata={"files": len(paths)})

    return check


def _schema(ids: IdTypes, asset: str) -> "Schema":
    import polars as pl

    from ops_gpu.schema.column import ColumnSchema
    from ops_gpu.schema.schema import Schema

    user, item = id_dtype(ids.user), id_dtype(ids.item)
    dtypes: dict[str, dict[str, pl.DataType]] = {
        "interactions": {
            "user_id": user,
            "item_id": item,
            "timestamp": pl.Datetime("us"),
            "label": pl.Boolean(),
        },
        "users": {"user_id": user},
        "items": {"item_id": item, "available": pl.Boolean()},
    }
    return Schema([ColumnSchema.from_polars(name, dtype) for name, dtype in dtypes[asset].items()])


def _unsaid(changed: Mapping[str, IdType], asset: str) -> list[str]:
    """What is to be said in the YAML, where the files that it names now give ids another type."""
    return [
        f"{role} ids were decided to be of type {_other(found)} and are of type {found} in the files that the YAML "
        f"names now; nothing changes until it says which: {role}_id_type: {found} for other ids than before, or "
        f"{role}_id_type: {_other(found)} to stay with those that there are"
        for role, found in changed.items()
        if role in ROLES[asset]
    ]


def _other(kind: IdType) -> IdType:
    return "string" if kind == "integer" else "integer"


def _files(blueprint: Blueprint, asset: str) -> list[Path]:
    if asset == "interactions":
        return sorted(blueprint.home.interactions_folder(blueprint.name).glob("*.parquet"))
    path = blueprint.home.users(blueprint.name) if asset == "users" else blueprint.home.items(blueprint.name)
    return [path] if path.exists() else []


def _breaches(path: Path, wanted: "Schema") -> list[str]:
    """What is wrong with one file, in words."""
    import polars as pl

    from ops_gpu.schema.contract import contract_breaches
    from ops_gpu.schema.footer import said_by_footer

    if said_by_footer(path, wanted):  # of a year of days nearly all: no row is read
        return []
    rows = pl.scan_parquet(path, glob=False)
    return [f"{path.name}: {breach}" for breach in contract_breaches(rows, wanted, wanted.names)]
