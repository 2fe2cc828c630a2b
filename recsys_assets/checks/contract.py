"""The data contract of interactions, users and items."""

# No `from __future__ import annotations`: Dagster reads the annotations of what it decorates.

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import dagster as dg

from ops_gpu.logs.values.id_values import IdType
from ops_gpu.logs.values.identifiers import IdTypes, id_dtype
from recsys_assets.blueprint.blueprint import Blueprint
from recsys_assets.tables.id_types import decided_id_types

if TYPE_CHECKING:
    import polars as pl


CONTRACT = """The columns that everything below reads are there, with the types that were decided when this
recommender was first built, and without nulls. Fails when a source changed its layout or the type of its ids:
an id that changes its type would be another id. That needs a word of the YAML (`user_id_type`, `item_id_type`)."""


ROLES: dict[str, tuple[str, ...]] = {"interactions": ("user", "item"), "users": ("user",), "items": ("item",)}


def contract(blueprint: Blueprint, asset: str) -> dg.AssetChecksDefinition:
    """The check of one of the assets `interactions`, `users` and `items`."""

    @dg.asset_check(asset=blueprint.key(asset), name="contract", description=CONTRACT, blocking=True)
    def check() -> dg.AssetCheckResult:
        import polars as pl

        types, changed = decided_id_types(blueprint)
        wanted, paths = _columns(types, asset), _files(blueprint, asset)
        problems = [problem for path in paths for problem in _problems(pl.scan_parquet(path), wanted, path.name)]
        problems = [*_unsaid(changed, asset), *problems]
        problems = problems if paths else [f"there is no file of {asset}, expected one at least; materialize {asset}"]
        found = "; ".join(problems[:5]) or f"{len(paths)} files hold {', '.join(wanted)}"
        return dg.AssetCheckResult(passed=not problems, description=found, metadata={"files": len(paths)})

    return check


def _columns(ids: IdTypes, asset: str) -> "dict[str, pl.DataType]":
    import polars as pl

    user, item = id_dtype(ids.user), id_dtype(ids.item)
    return {
        "interactions": {
            "user_id": user,
            "item_id": item,
            "timestamp": pl.Datetime("us"),
            "label": pl.Boolean(),
        },
        "users": {"user_id": user},
        "items": {"item_id": item, "available": pl.Boolean()},
    }[asset]


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


def _files(blueprint: Blueprint, asset: str) -> list[Any]:
    if asset == "interactions":
        return sorted(blueprint.home.interactions_folder(blueprint.name).glob("*.parquet"))
    path = blueprint.home.users(blueprint.name) if asset == "users" else blueprint.home.items(blueprint.name)
    return [path] if path.exists() else []


def _problems(frame: "pl.LazyFrame", wanted: "dict[str, pl.DataType]", file: str) -> list[str]:
    """What is wrong with one file, in words."""
    import polars as pl

    schema = frame.collect_schema()
    missing = [f"{file} has no column '{name}'" for name in wanted if name not in schema]
    if missing:
        return missing
    wrong = [
        f"column '{name}' of {file} is {schema[name]}, expected {dtype}"
        for name, dtype in wanted.items()
        if schema[name] != dtype
    ]
    nulls = frame.select(pl.col(list(wanted)).null_count()).collect().row(0)
    return wrong + [f"column '{name}' of {file} has {n} nulls" for name, n in zip(wanted, nulls, strict=True) if n]
