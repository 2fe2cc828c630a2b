"""From the name of a recommender to its YAML."""

from __future__ import annotations

from recsys_assets.blueprint import Blueprint
from recsys_assets.locations import OWN, blueprints, find
from recsys_assets.yaml_errors import YamlError
from resources.environment import RECOMMENDERS, recommender_folders
from resources.home import Home


def find_recommender(name: str, home: Home) -> Blueprint:
    """The recommender of this name.

    Raises:
        YamlError: when its YAML cannot be used, or there is no recommender of this name; a broken YAML
            elsewhere does not matter.
    """
    known: list[str] = []
    broken: dict[str, YamlError] = {}
    for folder in find([OWN, *recommender_folders()]):
        try:
            found = blueprints(folder, home)
        except YamlError as error:
            broken[folder.name] = error
            continue
        known += [plan.name for plan in found]
        for plan in found:
            if plan.name == name:
                return plan
    if name in broken:
        raise broken[name]
    others = "".join(f" {error}" for error in broken.values())
    there = ", ".join(sorted(known)) or "none"
    raise YamlError(
        f"There is no recommender {name!r}, only {there}; name the folder of its defs.yaml in {RECOMMENDERS}.{others}"
    )
