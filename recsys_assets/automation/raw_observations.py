"""What the raw files are, as events of the external assets that stand for them."""

from __future__ import annotations

from collections.abc import Iterator

import dagster as dg

from recsys_assets.automation.raw_versions import Version, log_version, table_version
from recsys_assets.blueprint.asset_names import RAW, VERSION_TAG
from recsys_assets.blueprint.blueprint import Blueprint
from recsys_assets.tables.changed_days import ChangedDays
from recsys_assets.tables.source_files import SourceFiles


def log_observation(blueprint: Blueprint, changes: ChangedDays) -> dg.AssetObservation:
    """What the files of the log are.

    Args:
        blueprint: the recommender.
        changes: the files as they are, or as they were read.
    """
    return _observation(blueprint, "interactions", log_version(changes))


def table_observations(blueprint: Blueprint, kind: str) -> list[dg.AssetObservation]:
    """What the files of users or items are now; none where they follow from the log.

    Raises:
        LogError: when there is no file at all.
    """
    version = table_version(blueprint, kind)
    return [] if version is None else [_observation(blueprint, kind, version)]


def changed(found: SourceFiles, instance: dg.DagsterInstance) -> list[dg.AssetObservation]:
    """Those that say something else than what was observed last.

    Args:
        found: the files.
        instance: knows what was observed.

    Raises:
        LogError: when a source has no file at all.
    """
    return [seen for seen in _all(found) if seen.tags[VERSION_TAG] != _observed(seen.asset_key, instance)]


def _all(found: SourceFiles) -> Iterator[dg.AssetObservation]:
    yield log_observation(found.blueprint, found.changes)
    for kind in ("users", "items"):
        yield from table_observations(found.blueprint, kind)


def _observation(blueprint: Blueprint, kind: str, version: Version) -> dg.AssetObservation:
    tags = {VERSION_TAG: version[0]}
    return dg.AssetObservation(blueprint.key(RAW[kind]), metadata=version[1], tags=tags)


def _observed(key: dg.AssetKey, instance: dg.DagsterInstance) -> str | None:
    records = instance.fetch_observations(key, limit=1).records
    observation = records[0].asset_observation if records else None
    return observation.tags.get(VERSION_TAG) if observation else None
