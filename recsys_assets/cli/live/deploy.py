"""`recsys deploy`: a release answers, because somebody says so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from recsys_assets.cli.terminal.output import Json, console, emit, sentences
from recsys_assets.lookup.decided import against, decided, told
from resources.home import Home

if TYPE_CHECKING:
    from resources.configured import Resources
    from serving.release.release import Release
    from serving.triton.repository.live_release import LiveRelease

Wanted = Annotated[str | None, typer.Option("--release", help="Its hash, or the first digits; by default the newest.")]


def deploy(name: str, release: Wanted = None, as_json: Json = False) -> None:
    """Make the newest release of NAME live, or another one that is kept; also one that was rolled back, or waits.

    A rollout of another release ends with it. It is loaded, proved and pointed at as by the asset `deployment`.
    """
    home = Home.from_environment()
    with sentences(as_json):
        from resources.configured import configured

        resources = configured(home)
        wanted = _wanted(home, name, release)
        before = resources.triton.awake(name) or resources.triton.silent(name)
        _check_no_rollout_of_others(wanted, before)
        live, version = made_live(home, resources, wanted)
        values = decided(name, home, live)
        ended = ended_rollout(before, live)
        if as_json:
            emit({**live.to_dict(), "mlflow_version": version, "ended_rollout": ended, **values})
            return
        out = console()
        out.print(f"{name} answers from release {live.hash[:12]}.")
        if ended is not None:
            out.print(f"The rollout of {ended[:12]} has ended: {live.hash[:12]} answers everybody.")
        for sentence in told(name, values):
            out.print(sentence, soft_wrap=True)
        out.print(f"[dim]It is the champion in MLflow: version {version}.[/]")


def made_live(home: Home, resources: Resources, release: Release) -> tuple[LiveRelease, str]:
    """Deploys a release, and makes it the champion in MLflow, whose version is given too."""
    live = resources.triton.deploy(release, users_of(home, release.name))
    return live, resources.mlflow.promote(release.name, live.hash)


def users_of(home: Home, name: str) -> list[Any]:
    """Users to prove a release with."""
    from recsys_assets.challenger.users_to_try import users_to_try
    from recsys_assets.lookup.find import find_recommender

    return users_to_try(find_recommender(name, home))


def ended_rollout(before: LiveRelease | None, now: LiveRelease) -> str | None:
    """Hash of a challenger whose rollout has ended without its going live; None where none has."""
    tried = None if before is None else before.challenger
    return None if tried in (now.hash, now.challenger) else tried


def _wanted(home: Home, name: str, digits: str | None) -> Release:
    """The release that is named; else the one that waits, or the newest, unless that was decided against."""
    from recsys_assets.challenger.newest_release import newest_hash
    from recsys_assets.lookup.find import release_beginning
    from recsys_assets.lookup.open_release import open_release

    if digits is not None:
        return release_beginning(home, name, digits)
    known = decided(name, home, None)
    if known["waiting"]:
        return open_release(home, name, known["waiting"]["release"])
    newest = newest_hash(home, name)
    if newest is None:
        raise LookupError(f"{name!r} has no release yet; `recsys materialize {name}` makes one.")
    for one in known["decided_against"]:
        if one["release"] == newest:
            raise ValueError(f"{against(name, one)} Name it so, where that is meant: it is the newest.")
    return open_release(home, name, newest)


def _check_no_rollout_of_others(wanted: Release, before: LiveRelease | None) -> None:
    """The live release is live already: who asks for it during a rollout may want that to end, or may not."""
    if before is not None and before.challenger is not None and before.hash == wanted.hash:
        raise ValueError(
            f"Release {wanted.hash[:12]} is the live one already, and {before.challenger[:12]} is being tried beside "
            f"it; `recsys rollout {wanted.name} --end` takes that away, `--promote` makes it live."
        )
