"""Opening a release of the home, with the way out where it is damaged."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resources.home import Home

if TYPE_CHECKING:
    from serving.release.release import Release


def open_release(home: Home, name: str, release_hash: str, way_back: str = "") -> Release:
    """A release, opened and checked.

    Args:
        home: where it lies.
        name: the recommender.
        release_hash: all 64 digits.
        way_back: what else can be done, from `recsys_assets.lookup.outage_text`.

    Raises:
        FileNotFoundError: when it or a file of it is missing; names the command that builds another.
        ValueError: when it is damaged; likewise.
    """
    from serving.release.release import Release

    cure = f"`recsys materialize {name}` builds and deploys another one{way_back}."
    try:
        return Release.open(home.release(name, release_hash))
    except FileNotFoundError as error:
        raise FileNotFoundError(f"{error} {cure}") from error
    except ValueError as error:
        raise ValueError(f"{error} {cure}") from error
