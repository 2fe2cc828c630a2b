"""Retention: what of a recommender's releases, and of what processes left behind, goes."""

from __future__ import annotations

import logging
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from recsys_assets.blueprint.json_files import read_json, remove
from recsys_assets.challenger.fitted.day_ranges import PLANNED, RANGES
from recsys_assets.challenger.leftovers import leftovers
from recsys_assets.challenger.newest_release import candidate_file
from resources.home import Home

if TYPE_CHECKING:
    from resources.mlflow import MlflowResource
    from resources.triton import TritonResource
    from serving.release.holding import Holding

COMPARED = "the next one is compared with it"
logger = logging.getLogger(__name__)


def retain(
    name: str, home: Home, triton: TritonResource, mlflow: MlflowResource, keep: int, dry_run: bool = False
) -> list[Holding]:
    """Removes the releases of a recommender that nobody needs, and what processes that were ended left behind.

    Versions in MLflow stay, with their days and runs, and are marked as without files.

    Args:
        name: the recommender.
        home: where it lies.
        triton: the server; one of our own that is stopped stays so.
        mlflow: knows the champion.
        keep: how many of the newest releases stay, at least.
        dry_run: only say what would go.

    Returns:
        All that was looked at, and what became of it.

    Raises:
        ValueError: when a file that names a release that is needed is damaged: then nothing is removed.
        RuntimeError: when MLflow does not answer; likewise.
    """
    champion = _champion(name, mlflow)

    def needed() -> dict[str, str]:
        named = {
            champion: "champion in MLflow",
            _named(home.recommender(name) / PLANNED, "live", "workflow"): COMPARED,
            _named(home.retrieval_model(name) / RANGES, "live", "retrieval_model"): COMPARED,
            _named(candidate_file(home, name), "hash", "release"): "the newest that was built",
        }
        return {release: why for release, why in named.items() if release is not None}

    holdings = triton.clean_up(name, keep, needed, dry_run)
    remains = leftovers(home, name)
    if not dry_run:
        remains = [_removed(holding) for holding in remains]
        _note(name, home, mlflow, {holding.path.name for holding in holdings if holding.goes})
    return holdings + remains


def _champion(name: str, mlflow: MlflowResource) -> str | None:
    try:
        return mlflow.champion(name)
    except Exception as error:  # of whatever kind the store is
        raise RuntimeError(
            f"MLflow does not say which release of {name!r} is the champion, so none is removed ({error}); see whether "
            "its store answers."
        ) from error


def _removed(holding: Holding) -> Holding:
    try:
        remove(holding.path)
    except OSError as error:
        return replace(holding, goes=False, why=f"{holding.why}, but could not be removed: {error}")
    return holding


def _named(path: Path, key: str, asset: str) -> str | None:
    """The release that the file of an asset names."""
    try:
        values = read_json(path)
        return None if values is None or values[key] is None else str(values[key])
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(
            f"{path} is damaged ({error}), so which release it names cannot be told, and none is removed; "
            f"materialize the asset {asset}, which writes it anew."
        ) from error


def _note(name: str, home: Home, mlflow: MlflowResource, removed: Collection[str]) -> None:
    def is_gone(release: str, source: str) -> bool:
        place = home.release(name, release)  # another home may keep its releases in the same store
        return not place.is_dir() and (release in removed or source.removeprefix("file://") == str(place))

    try:
        mlflow.note_gone(name, is_gone)
    except Exception as error:  # of whatever kind the store is: the files are gone all the same
        logger.warning("MLflow was not told which releases of %r are gone: %s", name, error)
