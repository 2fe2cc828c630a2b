"""`recsys rollback`: the release before answers again."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from rich.markup import escape

from recsys_assets.cli.terminal.output import Json, console, emit, sentences
from recsys_assets.lookup.decided import decided, told
from recsys_assets.lookup.open_release import open_release
from recsys_assets.lookup.outage_text import not_loaded
from resources.home import Home

if TYPE_CHECKING:
    from resources.triton import TritonResource
    from serving.triton.repository.live_release import LiveRelease


def rollback(name: str, as_json: Json = False) -> None:
    """Point NAME back at the release before, which is still loaded; once more, and it is forward again.

    A rollout that is under way ends with it. What was left does not go live by itself any more; see `recsys deploy`.
    """
    home = Home.from_environment()
    with sentences(as_json):
        from resources.configured import configured

        resources = configured(home)
        before = resources.triton.awake(name) or resources.triton.silent(name)
        tried = None if before is None else before.challenger
        begun = time.perf_counter()
        live = _back(name, home, resources.triton, before)
        seconds = time.perf_counter() - begun
        out = console(as_json)
        # At once: the note for MLflow takes some seconds more, and nobody waits for it.
        out.print(f"{name} answers from release {live.hash[:12]} again, after {seconds:.1f} s.")
        if tried is not None:
            out.print(f"The rollout of {tried[:12]} has ended: {live.hash[:12]} answers everybody.")
        left = live.previous or ""
        problem = not_loaded(name, live.previous, resources.triton) if live.previous else None
        if problem is None:
            out.print(f"[dim]{left[:12]} stays loaded; the next new release goes live as always.[/]")
        else:
            out.print(f"[yellow]{left[:12]} is not loaded: {escape(problem)}[/]", soft_wrap=True)
            out.print("[dim]The next new release goes live as always.[/]")
        values = decided(name, home, live)
        for sentence in told(name, values):
            out.print(escape(sentence), soft_wrap=True)
        version = resources.mlflow.promote(name, live.hash)
    if as_json:
        result = {"live": live.hash, "previous": live.previous, "mlflow_version": version, "seconds": round(seconds, 3)}
        emit({**result, "ended_rollout": tried, "previous_problem": problem, **values})
    else:
        out.print(f"[dim]It is the champion in MLflow: version {version}.[/]")


def _back(name: str, home: Home, triton: TritonResource, before: LiveRelease | None) -> LiveRelease:
    try:
        return triton.rollback(name)
    except (ValueError, OSError):
        if before is not None and before.previous is not None:
            open_release(home, name, before.previous)  # where it is the files of this one, the error says what to do
        raise
