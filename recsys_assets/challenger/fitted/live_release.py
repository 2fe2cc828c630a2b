"""The release that is live, as the assets of the next one see it."""

from __future__ import annotations

import logging
from datetime import date
from typing import TYPE_CHECKING

from ops_gpu.interactions.utc_days import day_end, day_start
from recsys_assets.blueprint.blueprint import Blueprint

if TYPE_CHECKING:
    from ops_gpu.recommender.day_ranges import Trained
    from resources.mlflow import MlflowResource
    from resources.triton import TritonResource
    from serving.release.manifest import Manifest
    from serving.release.release import Release

logger = logging.getLogger(__name__)


def live_hash(blueprint: Blueprint, triton: TritonResource, mlflow: MlflowResource) -> str | None:
    """Hash of the release that answers, or that is to answer again where no server runs.

    One that is being tried beside it, or waits, is no champion. None before the first, and where it is gone or damaged:
    nothing can be continued from it, nor compared with it, and it is for a new one to take its place.
    """
    found = triton.live(blueprint.name) or triton.silent(blueprint.name)
    live = found.hash if found else mlflow.champion(blueprint.name)
    if live is None:
        return None
    try:
        live_release(blueprint, live)
    except (ValueError, OSError) as error:
        logger.warning("The next release of %r is made as the first one: %s", blueprint.name, error)
        return None
    return live


def live_release(blueprint: Blueprint, live: str | None) -> Release | None:
    """The release of this hash, opened and checked; None for no hash."""
    from serving.release.release import Release

    return None if live is None else Release.open(blueprint.home.release(blueprint.name, live))


def trained(manifest: Manifest) -> Trained | None:
    """What a release learned from and was judged by; None where its manifest does not say."""
    from ops_gpu.recommender.day_ranges import Trained

    metadata = manifest.metadata
    if metadata.fitted is None:
        return None
    continued = metadata.continued or metadata.fitted
    return Trained(
        day_start(date.fromisoformat(metadata.fitted.first)),
        day_end(date.fromisoformat(metadata.fitted.last)),
        day_end(date.fromisoformat(continued.last)),
        day_end(date.fromisoformat((metadata.judged or continued).last)),
        int(metadata.metrics.get("final", {}).get("users", 0)),
    )
