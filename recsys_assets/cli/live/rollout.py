"""`recsys rollout`: a challenger beside the live release, on real requests."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from recsys_assets.cli.live.deploy import ended_rollout, made_live, users_of
from recsys_assets.cli.terminal.output import Json, console, emit, sentences, table
from recsys_assets.lookup.decided import decided, told
from resources.home import Home

if TYPE_CHECKING:
    from resources.triton import TritonResource
    from serving.release.release import Release
    from serving.triton.repository.live_release import LiveRelease

Challenger = Annotated[str | None, typer.Option("--release", help="Hash of the challenger, or its first digits.")]
Share = Annotated[float, typer.Option(min=0, max=1, help="Share of users that the challenger answers.")]
Shadow = Annotated[float, typer.Option(min=0, max=1, help="Share of requests that it answers unseen.")]
End = Annotated[bool, typer.Option("--end", help="Take the challenger away.")]
Promote = Annotated[bool, typer.Option("--promote", help="Make the challenger live.")]


def rollout(
    name: str,
    release: Challenger = None,
    canary: Share = 0.0,
    shadow: Shadow = 0.0,
    end: End = False,
    promote: Promote = False,
    as_json: Json = False,
) -> None:
    """Try another release of NAME beside the live one, or show how the one that is being tried does."""
    home = Home.from_environment()
    with sentences(as_json):
        from recsys_assets.lookup.find import release_beginning
        from resources.configured import configured

        triton = configured(home).triton
        _check_one(release, canary, shadow, end, promote)
        before = triton.live(name) or triton.silent(name)
        if end:
            live = triton.end_rollout(name)
        elif promote:
            live = _promoted(home, name)
        elif release is not None:
            live = _tried(home, release_beginning(home, name, release), canary, shadow)
        else:
            live = _known(triton, name)
        found = _compared(home.decisions(name) / "shadow", live)
        values, ended = decided(name, home, live), ended_rollout(before, live)
    if as_json:
        emit({**live.to_dict(), "compared": found, "ended_rollout": ended, **values})
        return
    if ended is not None:
        console().print(f"The rollout of {ended[:12]} has ended.")
    _show(live, found)
    for sentence in told(name, {**values, "candidate": live.challenger}):
        console().print(sentence, soft_wrap=True)


def _check_one(release: str | None, canary: float, shadow: float, end: bool, promote: bool) -> None:
    asked = [word for word, said in (("--release", release), ("--end", end), ("--promote", promote)) if said]
    if len(asked) > 1:
        raise ValueError(f"{' and '.join(asked)} are different things to do; give one of them.")
    if release is None and (canary or shadow):
        raise ValueError("--canary and --shadow are of a challenger; name it with --release.")
    if release is not None and not canary and not shadow:
        raise ValueError("a challenger takes a share of users (--canary 0.1), of requests (--shadow 0.5), or both.")


def _tried(home: Home, challenger: Release, canary: float, shadow: float) -> LiveRelease:
    from resources.configured import configured
    from serving.triton.deployment.deployment import DeploymentError
    from serving.triton.deployment.signature_error import SignatureError

    triton, name = configured(home).triton, challenger.name
    _known(triton, name)
    try:
        return triton.roll_out(challenger, users_of(home, name), canary, shadow)
    except DeploymentError as error:
        if not isinstance(error.__cause__, SignatureError):
            raise
        short = challenger.hash[:12]
        raise RuntimeError(f"{error} `recsys deploy {name} --release {short}` does so.") from error


def _promoted(home: Home, name: str) -> LiveRelease:
    from recsys_assets.lookup.open_release import open_release
    from resources.configured import configured

    resources = configured(home)
    tried = _known(resources.triton, name).challenger
    if tried is None:
        raise LookupError(f"No release of {name!r} is being tried.")
    return made_live(home, resources, open_release(home, name, tried))[0]


def _known(triton: TritonResource, name: str) -> LiveRelease:
    from recsys_assets.lookup.outage_text import not_live

    live = triton.awake(name)
    if live is None:
        raise LookupError(not_live(name, triton))
    return live


def _compared(folder: Path, live: LiveRelease) -> dict[str, float] | None:
    """What the shadow's comparisons say of the challenger; None where there are none."""
    import polars as pl

    files = sorted(folder.glob(f"day=*/{(live.challenger or 'none')[:12]}-*.parquet"))
    if not files:
        return None
    rows = pl.concat(
        [pl.DataFrame(schema={"left_out": pl.Int64}), *map(pl.read_parquet, files)], how="diagonal_relaxed"
    )
    rows = rows.filter(pl.col("live") == live.hash)
    if not rows.height:
        return None
    return rows.select(
        lists=pl.len(),
        requests_left_out=pl.col("left_out").sum(),
        overlap=pl.col("overlap").mean(),
        same_first=pl.col("same_first").mean(),
        score_live=pl.col("score_given").mean(),
        score_candidate=pl.col("score_found").mean(),
        failed=pl.col("error").is_not_null().mean(),
        p50_ms=pl.col("ms").median(),
        p99_ms=pl.col("ms").quantile(0.99),
    ).row(0, named=True)


def _show(live: LiveRelease, found: dict[str, float] | None) -> None:
    out = console()
    out.print(f"{live.name} answers from release {live.hash[:12]}.")
    if live.challenger is None:
        out.print("No other release is being tried.")
        return
    out.print(
        f"Release {live.challenger[:12]} is being tried: it answers {live.canary:.1%} of users, and is shown "
        f"{live.shadow:.1%} of requests."
    )
    if found is not None:
        named = {key.replace("candidate", "challenger").replace("_", " "): value for key, value in found.items()}
        rows = [(name, f"{value:,.4g}") for name, value in named.items() if value is not None]
        out.print(table("Lists of the challenger beside those that were given", ["", ""], rows, " r"))
