"""From the name of a recommender to its YAML, and from the first digits of a hash to its release."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from recsys_assets.blueprint.blueprint import Blueprint
from recsys_assets.component.locations import FILE, OWN, blueprints, find, names
from recsys_assets.component.yaml_errors import YamlError
from recsys_assets.lookup.open_release import open_release
from resources.environment import RECOMMENDERS, recommender_folders
from resources.home import Home

if TYPE_CHECKING:
    from serving.release.release import Release


def find_recommender(name: str, home: Home) -> Blueprint:
    """The recommender of this name.

    Raises:
        YamlError: when its YAML cannot be used, or there is none of this name, or more than one; a broken YAML
            or a missing folder elsewhere does not matter.
    """
    found = list(_look())
    folders = {folder: None for folder, inside, _ in found if name in inside}
    errors = {folder: error for folder, _, error in found if error}
    if not folders:
        raise next((error for folder, error in errors.items() if folder.name == name), _unknown(name, found))
    if len(folders) > 1:
        files = " and ".join(str(folder / FILE) for folder in folders)
        raise YamlError(f"The name {name!r} is used by {files}; give all but one of them another name.")
    alike = [other for _, inside, _ in found for other in inside if other.replace("-", "_") == name.replace("-", "_")]
    if alike[0] != name:
        raise YamlError(
            f"The recommenders {alike[0]!r} and {name!r} have one name, for '-' and '_' do not tell names apart; give "
            "one of them another name."
        )
    return next(blueprint for blueprint in blueprints(next(iter(folders)), home) if blueprint.name == name)


def release_beginning(home: Home, name: str, digits: str) -> Release:
    """The release whose hash begins so.

    Raises:
        LookupError: when there is none, or more than one.
    """
    found = sorted(path for path in (home.releases / name).glob(f"{digits}*") if path.is_dir())
    if len(found) != 1:
        others = ", ".join(path.name[:12] for path in sorted((home.releases / name).glob("[0-9a-f]*/"))) or "none"
        more = "" if found else "; older ones were removed, and `releases: {keep: N}` in the YAML keeps more"
        raise LookupError(f"{len(found)} releases of {name!r} begin with {digits!r}; there are: {others}{more}.")
    return open_release(home, name, found[0].name)


def defined() -> list[str]:
    """Names of all recommenders that can be told from a YAML; a broken one elsewhere does not matter."""
    return sorted({name for _, inside, _ in _look() for name in inside})


def _look() -> Iterator[tuple[Path, list[str], YamlError | None]]:
    """Every folder, with the names of its recommenders or with what is wrong."""
    for place in (OWN, *recommender_folders()):
        try:
            folders = find([place])
        except YamlError as error:
            yield place, [], error
            continue
        for folder in folders:
            try:
                yield folder, names(folder), None
            except YamlError as error:
                yield folder, [], error


def _unknown(name: str, found: list[tuple[Path, list[str], YamlError | None]]) -> YamlError:
    known = ", ".join(sorted({name for _, inside, _ in found for name in inside})) or "none"
    others = "".join(f" {error}" for _, _, error in found if error)
    return YamlError(
        f"There is no recommender {name!r}, only {known}; name the folder of its defs.yaml in {RECOMMENDERS}.{others}"
    )
