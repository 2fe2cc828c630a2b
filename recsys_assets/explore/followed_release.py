"""FollowedRelease: the release that is live, open in this process."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from recsys_assets.lookup.open_release import open_release
from recsys_assets.lookup.outage_text import not_live, way_back
from resources.home import Home

if TYPE_CHECKING:
    from resources.triton import TritonResource
    from serving.ensemble.ensemble import Ensemble
    from serving.release.release import Release
    from serving.triton.repository.live_release import LiveRelease


@dataclass(frozen=True)
class OpenRelease:
    """A release and its bound graph.

    Args:
        release: the release.
        ensemble: answers with its parts.
        problem: why it is not known to be the live one, in a sentence; None when it is.
    """

    release: Release
    ensemble: Ensemble
    problem: str | None = None


class FollowedRelease:
    """Opens what is live, once, and again whenever something else has gone live.

    Args:
        home: where the releases lie.
        name: the recommender.
        triton: the server that says what is live.
    """

    def __init__(self, home: Home, name: str, triton: TritonResource) -> None:
        self._home, self._name, self._triton = home, name, triton
        self._open: OpenRelease | None = None
        self._lock = threading.Lock()

    def current(self) -> OpenRelease:
        """The live release; the last one that was, with the `problem`, while the server does not say.

        Raises:
            RuntimeError: when no release is live and none was before, in a sentence that says what to do.
            FileNotFoundError: when the live release does not lie in this home.
            ValueError: when a file of it is damaged.
        """
        with self._lock:
            try:
                live = self._live()
            except RuntimeError as error:
                if self._open is None:
                    raise
                return OpenRelease(self._open.release, self._open.ensemble, str(error))
            if self._open is None or self._open.release.hash != live.hash:
                self._open = self._opened(live)
            return self._open

    def _live(self) -> LiveRelease:
        if self._triton.address is None and self._triton.status() is None:
            raise RuntimeError(f"No Triton server runs here; `recsys recommend {self._name} --user ID` starts it.")
        live = self._triton.live(self._name)
        if live is None:
            raise RuntimeError(not_live(self._name, self._triton))
        return live

    def _opened(self, live: LiveRelease) -> OpenRelease:
        from serving.ensemble.ensemble import Ensemble

        release = open_release(self._home, self._name, live.hash, way_back(live))
        return OpenRelease(release, Ensemble.of(release))
