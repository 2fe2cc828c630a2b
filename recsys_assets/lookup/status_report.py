"""How a recommender stands: what is live, what is tried beside it, and what is wrong with either."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from recsys_assets.lookup.decided import decided
from recsys_assets.lookup.outage_text import not_loaded, way_back
from resources.home import Home

if TYPE_CHECKING:
    from resources.triton import TritonResource
    from serving.triton.repository.live_release import LiveRelease


def status_report(name: str, home: Home, triton: TritonResource) -> dict[str, Any]:
    """What `recsys status` tells of a recommender, under the same keys whatever its state; with those of `decided`.

    Args:
        name: the recommender.
        home: where its releases lie.
        triton: the server.
    """
    keys = ("live", "previous", "created", "last_day", "silent", "problem")
    tried = ("candidate", "canary", "shadow", "candidate_problem")
    values: dict[str, Any] = {**dict.fromkeys((*keys, *tried)), "kept": _kept(name, home)}
    live = triton.live(name)
    values |= decided(name, home, live)
    if live is None:
        return {**values, "silent": _silence(name, triton)}
    values |= {"live": live.hash, "previous": live.previous}
    if live.challenger is not None:
        values |= {"candidate": live.challenger, "canary": live.canary, "shadow": live.shadow}
        values |= {"candidate_problem": not_loaded(name, live.challenger, triton)}
    return values | _manifest(live, home)


def _kept(name: str, home: Home) -> int:
    return len(list((home.releases / name).glob("[!.]*/manifest.json")))


def _silence(name: str, triton: TritonResource) -> str | None:
    """Why a recommender that was live does not answer; None where none was, or no server runs."""
    silent = triton.silent(name)
    if silent is None or (triton.address is None and triton.status() is None):
        return None
    return f"{triton.why_silent(silent).rstrip('.') or 'it is being loaded'}{_ways_out(silent)}."


def _ways_out(live: LiveRelease) -> str:
    return way_back(live) or f"; `recsys materialize {live.name}` builds and deploys another one"


def _manifest(live: LiveRelease, home: Home) -> dict[str, Any]:
    """What the manifest of the live release says; the server has the release in memory, and does without."""
    from serving.release.manifest import Manifest

    try:
        manifest = Manifest.load(home.release(live.name, live.hash) / "manifest.json")
    except (ValueError, OSError) as error:
        return {"problem": f"{str(error).rstrip('.')}{_ways_out(live)}."}
    days = manifest.metadata.continued or manifest.metadata.fitted
    return {"created": manifest.created, "last_day": days.last if days else None}
