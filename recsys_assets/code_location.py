"""Code location: every recommender that can be loaded, and a visible note for every one that cannot."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import dagster as dg

from recsys_assets.locations import FILE, OWN, find, load
from recsys_assets.yaml_errors import YamlError

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
    loaded: dict[str, Path] = {}
    parts: list[dg.Definitions] = [shared]
    for place in [own, *outside]:
        try:
            folders = find([place])
        except YamlError as error:
            parts.append(_broken(place, error))
            continue
        for folder in folders:
            try:
                part = load(folder)
                _claim(part, folder, loaded)
                parts.append(part)
            except YamlError as error:
                parts.append(_broken(folder, error))
    return dg.Definitions.merge(*parts)


def _claim(part: dg.Definitions, folder: Path, loaded: dict[str, Path]) -> None:
    """Refuses a recommender whose name another folder has already."""
    for name in _names(part):
        if loaded.setdefault(name, folder) != folder:
            raise YamlError(
                f"{folder / FILE}: a recommender named {name!r} is defined in {loaded[name] / FILE} already; "
                "give one of them another name."
            )


def _names(part: dg.Definitions) -> set[str]:
    """First parts of all asset keys; nothing is resolved for it, which would take a second resource set."""
    found = [asset for asset in part.assets or [] if isinstance(asset, dg.AssetsDefinition)]
    return {key.path[0] for asset in found for key in asset.keys}


def _broken(folder: Path, error: YamlError) -> dg.Definitions:
    log.error("%s", error)
    metadata: Mapping[str, Any] = {"error": dg.MetadataValue.text(str(error))}
    note = dg.AssetSpec(
        key=[folder.name, "defs_yaml"],
        group_name="broken",
        description=f"**This recommender could not be loaded.** {error}",
        kinds={"yaml"},
        metadata=metadata,
    )
    return dg.Definitions(assets=[note])
