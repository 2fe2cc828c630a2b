"""What was decided of a recommender's releases, and which one waits, as commands tell it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from resources.home import Home

if TYPE_CHECKING:
    from serving.triton.repository.live_release import LiveRelease

WAS = {"rolled_back": "was rolled back", "ended": "was taken away when its rollout was ended,"}


def decided(name: str, home: Home, live: LiveRelease | None) -> dict[str, Any]:
    """What is remembered, under the same keys whatever it is.

    Args:
        name: the recommender.
        home: where its releases lie.
        live: what answers; what is live or being tried is not told of, whatever was decided before.

    Returns:
        `waiting` (`release` and `since`, or None), `decided_against` (`release`, `kind` and `time` of each that is
        still there, the latest first) and `unreadable` (what is wrong with the file that remembers it, or None).
    """
    from serving.triton.deployment.verdicts import Verdicts

    try:
        verdicts = Verdicts.load(home.releases / name) or Verdicts()
    except ValueError as error:
        return {"waiting": None, "decided_against": [], "unreadable": str(error)}
    shown = (live.hash, live.challenger) if live else ()
    decided_against = [
        {"release": release, "kind": verdict.kind, "time": verdict.time}
        for release, verdict in verdicts.against.items()
        if release not in shown and home.release(name, release).is_dir()
    ]
    waiting = verdicts.waiting and {"release": verdicts.waiting.release, "since": verdicts.waiting.time}
    latest_first = sorted(decided_against, key=lambda one: one["time"], reverse=True)
    return {"waiting": waiting or None, "decided_against": latest_first, "unreadable": None}


def told(name: str, values: Mapping[str, Any]) -> Iterator[str]:
    """The same in sentences.

    Args:
        name: the recommender.
        values: what `decided` gives, and `candidate` where another release is being tried.
    """
    if values["waiting"]:
        yield _waits(name, values["waiting"], values.get("candidate"))
    yield from (against(name, one) for one in values["decided_against"])
    if values["unreadable"]:
        yield values["unreadable"]


def against(name: str, one: Mapping[str, str]) -> str:
    """One decision, and the command that makes the release live all the same."""
    short = one["release"][:12]
    return (
        f"Release {short} {WAS[one['kind']]} on {moment(one['time'])}: it does not go live by itself; "
        f"`recsys deploy {name} --release {short}` makes it live."
    )


def moment(time: str) -> str:
    """A time as people read it."""
    return f"{time[:16].replace('T', ' ')} UTC"


def _waits(name: str, waiting: Mapping[str, str], challenger: str | None) -> str:
    said = f"Release {waiting['release'][:12]} waits since {moment(waiting['since'])}"
    turn = f"`recsys deploy {name}`, or the next materialization of {name}/deployment, makes it live"
    if challenger is None:
        return f"{said}, and nothing stands before it any more: {turn}."
    return f"{said} for the rollout of {challenger[:12]} to be decided (`recsys rollout {name}`); then {turn}."
