"""What the raw files are, as events of the external assets that stand for them."""

from __future__ import annotations

from collections.abc import Iterator

import dagster as dg

from recsys_assets.blueprint.asset_names import RAW, VERSION_TAG
from recsys_assets.tables.raw_versions import raw_versions
from recsys_assets.tables.source_files import SourceFiles


def observations(found: SourceFiles, kinds: tuple[str, ...] = tuple(RAW)) -> Iterator[dg.AssetObservation]:
    """What the raw files are now, as events of their assets.

    Args:
        found: the files.
        kinds: of which sources.

    Raises:
        LogError: when a source has no file at all.
    """
    wanted = {RAW[kind] for kind in kinds}
    for asset, (version, metadata) in raw_versions(found).items():
        if asset in wanted:
            tags = {VERSION_TAG: version}
            yield dg.AssetObservation(found.blueprint.key(asset), metadata=metadata, tags=tags)


def changed(found: SourceFiles, instance: dg.DagsterInstance) -> list[dg.AssetObservation]:
    """Those of them that say something else than what was observed last.

    Args:
        found: the files.
        instance: knows what was observed.

    Raises:
        LogError: when a source has no file at all.
    """
    return [seen for seen in observations(found) if seen.tags[VERSION_TAG] != _observed(seen.asset_key, instance)]


def _observed(key: dg.AssetKey, instance: dg.DagsterInstance) -> str | None:
    records = instance.fetch_observations(key, limit=1).records
    observation = records[0].asset_observation if records else None
    return observation.tags.get(VERSION_TAG) if observation else None
