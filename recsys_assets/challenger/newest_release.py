"""The newest release of a recommender, deployed or not."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from recsys_assets.blueprint.blueprint import Blueprint
from recsys_assets.blueprint.json_files import read_json
from resources.home import Home

if TYPE_CHECKING:
    from serving.release.release import Release


def candidate_file(home: Home, name: str) -> Path:
    """Where the hash of the newest release of a recommender is kept, deployed or not."""
    return home.recommender(name) / "release.json"


def newest_hash(home: Home, name: str) -> str | None:
    """Hash of the newest release of a recommender; None before the first one."""
    kept = read_json(candidate_file(home, name))
    return None if kept is None else str(kept["hash"])


def newest_release(blueprint: Blueprint) -> Release:
    """The newest release, opened and checked.

    Raises:
        FileNotFoundError: before the first one.
    """
    from serving.release.release import Release

    newest = newest_hash(blueprint.home, blueprint.name)
    if newest is None:
        raise FileNotFoundError(f"{blueprint.name!r} has no release yet; materialize {blueprint.name}/release first.")
    return Release.open(blueprint.home.release(blueprint.name, newest))
