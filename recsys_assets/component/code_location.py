"""Code location: every recommender that can be loaded, and a visible note for every one that cannot."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Mapping
from itertools import count
from pathlib import Path
from typing import Any

import dagster as dg

from recsys_assets.component.locations import FILE, OWN, find, load
from recsys_assets.component.yaml_errors import YamlError

log = logging.getLogger(__name__)


def build_code_location(outside: Iterable[Path], shared: dg.Definitions, own: Path = OWN) -> dg.Definitions:
    """Merges the recommenders of this package, those outside it, and what they share.

    A broken `defs.yaml` does not take the others down: its error is logged, and stands in the UI as an asset
    of the group `broken` until the file is mended.

    Args:
        outside: folders from `RECSYS_RECOMMENDERS`.
        shared: resources, executor and sensors that are there once.
        own: folder of this package's own recommenders.
    """
    loaded: dict[str, tuple[str, Path]] = {}
    parts: list[dg.Definitions] = [shared]
    broken: dict[Path, YamlError] = {}
    for folder in _folders([own, *outside], broken):
        try:
            part = load(folder)
            _claim(part, folder, loaded)
            parts.append(part)
        except YamlError as error:
            broken[folder] = error
    return dg.Definitions.merge(*parts, *_notes(broken))


def _folders(places: Iterable[Path], broken: dict[Path, YamlError]) -> list[Path]:
    """Every folder with a `defs.yaml` once, however often it is named; places without one become `broken`."""
    found: dict[Path, None] = {}
    for place in places:
        try:
            found.update(dict.fromkeys(find([place])))
        except YamlError as error:
            broken[place] = error
    return list(found)


def _claim(part: dg.Definitions, folder: Path, loaded: dict[str, tuple[str, Path]]) -> None:
    """Refuses a recommender whose name is taken already, by another folder or by another one in this folder.

    Dagster names steps, sensors and groups by letters, digits and `_` alone, so that `my-shop` and `my_shop` are one
    name to it.
    """
    for name in _names(part):
        known, place = loaded.setdefault(re.sub(r"\W", "_", name), (name, folder))
        if (known, place) != (name, folder):
            same = "" if known == name else f", whose name is {known!r} ('-' and '_' do not tell names apart)"
            raise YamlError(
                f"{folder / FILE}: a recommender named {name!r} is defined in {place / FILE} already{same}; "
                "give one of them another name."
            )
    if len(_assets(part)) > len({key for asset in _assets(part) for key in asset.keys}):
        raise YamlError(f"{folder / FILE}: two recommenders have one name; give one of them another name.")


def _names(part: dg.Definitions) -> list[str]:
    """First parts of all asset keys; nothing is resolved for it, which would take a second resource set."""
    return sorted({key.path[0] for asset in _assets(part) for key in asset.keys})


def _assets(part: dg.Definitions) -> list[dg.AssetsDefinition]:
    return [asset for asset in part.assets or [] if isinstance(asset, dg.AssetsDefinition)]


def _notes(broken: Mapping[Path, YamlError]) -> list[dg.Definitions]:
    """A note for each; folders of one name are numbered, as two assets cannot have one key."""
    notes: dict[str, dg.Definitions] = {}
    for folder, error in broken.items():
        name = base = re.sub(r"[^A-Za-z0-9_-]", "_", folder.name) or "root"
        for number in count(2):
            if name not in notes:
                break
            name = f"{base}_{number}"
        notes[name] = _broken(name, error)
    return list(notes.values())


def _broken(name: str, error: YamlError) -> dg.Definitions:
    log.error("%s", error)
    metadata: Mapping[str, Any] = {"error": dg.MetadataValue.text(str(error))}
    note = dg.AssetSpec(
        key=[name, "defs_yaml"],
        group_name="broken",
        description=f"**This recommender could not be loaded.** {error}",
        kinds={"yaml"},
        metadata=metadata,
    )
    return dg.Definitions(assets=[note])
