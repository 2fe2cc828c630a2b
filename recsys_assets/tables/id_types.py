"""The types of ids of one recommender: decided once over all files, then kept."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ops_gpu.logs import IdTypes
from recsys_assets.blueprint.blueprint import Blueprint
from recsys_assets.blueprint.json_files import read_json, write_json
from recsys_assets.tables.described_ids import same_ids

if TYPE_CHECKING:
    from ops_gpu.logs.values.id_values import IdType

ROLES = ("user", "item")


def id_types(blueprint: Blueprint) -> IdTypes:
    """The decided types; a later file must not change what an id is, nor must a setting that says nothing of ids.

    They are decided anew where the YAML names another source, other columns of ids, or a type. What was decided before
    holds even then, until the YAML says the other type itself (`decided_id_types`).

    Raises:
        LogError: when a file cannot be read, or files contradict each other.
    """
    types, changed = decided_id_types(blueprint)
    noted = {"logs": _described(blueprint), "types": types.to_dict()}
    if not changed and noted != read_json(
        _file(blueprint)
    ):  # else the next call looks again, whether files were mended
        write_json(noted, _file(blueprint))
    return types


def id_dtypes(blueprint: Blueprint) -> dict[str, str]:
    """Types of raw ids as serving calls them."""
    types = id_types(blueprint)
    return {
        role: "int64" if kind == "integer" else "string" for role, kind in (("user", types.user), ("item", types.item))
    }


def decided_id_types(blueprint: Blueprint) -> tuple[IdTypes, dict[str, IdType]]:
    """The types that hold, and those that the files give now where these are others and nobody has said so.

    Writes nothing.

    Returns:
        The types, and `integer` or `string` by role (`user`, `item`), empty where nothing changed.

    Raises:
        LogError: when a file cannot be read, or files contradict each other.
    """
    from ops_gpu.logs import decide_id_types

    settings, decided, described = blueprint.settings, read_json(_file(blueprint)), _described(blueprint)
    in_use = any(
        blueprint.home.interactions_folder(blueprint.name).glob("*.parquet")
    )  # before, nothing depends on them
    if decided and (decided["logs"] == described or (in_use and same_ids(decided["logs"], described))):
        return _with_categories(IdTypes.from_dict(decided["types"]), blueprint), {}
    types = decide_id_types(settings.interactions, blueprint.place, settings.users, settings.items)
    changed = _unsaid(decided, types, blueprint) if decided and in_use else {}
    return (_with_categories(IdTypes.from_dict(decided["types"]), blueprint), changed) if changed else (types, {})


def _file(blueprint: Blueprint) -> Path:
    return blueprint.home.recommender(blueprint.name) / "id_types.json"


def _described(blueprint: Blueprint) -> str:
    return repr((blueprint.settings.interactions, blueprint.settings.users, blueprint.settings.items))


def _with_categories(types: IdTypes, blueprint: Blueprint) -> IdTypes:
    """The same for the categorical columns that the YAML names now; those that were decided stay as they are."""
    from ops_gpu.logs.kept_types import decide_kept_types

    log = blueprint.settings.interactions
    new = [name for name in log.categorical if name not in types.kept]  # a version before decided about ids alone
    found = {**types.kept, **decide_kept_types(replace(log, categorical=new), blueprint.place)}
    return replace(types, kept={name: found[name] for name in log.categorical})


def _unsaid(kept: Any, types: IdTypes, blueprint: Blueprint) -> dict[str, IdType]:
    """The types of ids that are others than before, though the YAML leaves them to the files."""
    before, log = IdTypes.from_dict(kept["types"]), blueprint.settings.interactions
    return {
        role: getattr(types, role)
        for role in ROLES
        if getattr(log, f"{role}_id_type") == "auto" and getattr(types, role) != getattr(before, role)
    }
