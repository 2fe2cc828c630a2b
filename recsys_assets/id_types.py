"""The types of ids of one recommender: decided once over all files, then kept."""

from __future__ import annotations

from dataclasses import replace

from ops_gpu.logs import IdTypes
from recsys_assets.blueprint import Blueprint
from recsys_assets.files import read_json, write_json


def id_types(plan: Blueprint) -> IdTypes:
    """The decided types; a later file must not change what an id is, so they are only decided anew when the
    YAML describes other logs.

    Raises:
        LogError: when a file cannot be read, or files contradict each other.
    """
    from ops_gpu.logs import decide_id_types
    from ops_gpu.logs.kept_types import decide_kept_types

    path = plan.home.recommender(plan.name) / "id_types.json"
    settings = plan.settings
    described = repr((settings.interactions, settings.users, settings.items))
    kept = read_json(path)
    if kept and kept["logs"] == described:
        types = IdTypes.from_dict(kept["types"])
        if set(types.kept) == set(settings.interactions.categorical):
            return types
        # A version before decided about ids alone.
        types = replace(types, kept=decide_kept_types(settings.interactions, plan.place))
    else:
        types = decide_id_types(settings.interactions, plan.place, settings.users, settings.items)
    write_json({"logs": described, "types": types.to_dict()}, path)
    return types
