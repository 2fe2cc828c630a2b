"""What a command says where nothing answers under a recommender's name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from resources.triton import TritonResource
    from serving.triton.repository.live_release import LiveRelease


def not_live(name: str, triton: TritonResource) -> str:
    """Why nothing answers, and what to do, in a sentence: a release that is down need not be built anew."""
    silent = triton.silent(name)
    if silent is None:
        return f"No release of {name!r} is live; `recsys materialize {name}` makes one."
    return f"Release {silent.hash[:12]} of {name!r} does not answer; `recsys status` says why{way_back(silent)}."


def not_loaded(name: str, release_hash: str, triton: TritonResource) -> str | None:
    """Why a release that stands beside the live one, or was left for it, is not loaded; None where it is.

    Args:
        name: the recommender.
        release_hash: of the release.
        triton: the server.
    """
    from serving.triton.repository.live_release import LiveRelease

    if triton.is_loaded(name, release_hash):
        return None
    return triton.why_silent(LiveRelease(name, release_hash)) or "it is loaded when it is needed."


def way_back(release: LiveRelease) -> str:
    """The command that leaves a release for the one before; empty where there is none before."""
    if release.previous is None:
        return ""
    return f"; `recsys rollback {release.name}` goes back to {release.previous[:12]}"


@contextmanager
def explained(name: str, triton: TritonResource) -> Iterator[None]:
    """Turns the refusal of a server into what can be done from here, where a release is down.

    Raises:
        RecommenderError: as it came, where something answers or nothing ever did.
        RuntimeError: what `not_live` says.
    """
    from serving.client.recommender_error import RecommenderError

    try:
        yield
    except RecommenderError as error:
        if triton.live(name) is not None:
            raise
        raise RuntimeError(not_live(name, triton)) from error
