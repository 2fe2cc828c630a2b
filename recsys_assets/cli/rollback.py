"""`recsys rollback`: the release before answers again."""

from __future__ import annotations

import time

from recsys_assets.cli.output import Json, console, emit, sentences
from resources.home import Home


def rollback(name: str, as_json: Json = False) -> None:
    """Point NAME back at the release before, which is still loaded; once more, and it is forward again."""
    home = Home.from_environment()
    with sentences(as_json):
        from resources.configured import configured

        resources = configured(home)
        begun = time.perf_counter()
        live = resources.triton.rollback(name)
        seconds = time.perf_counter() - begun
        version = resources.mlflow.promote(name, live.hash)
    if as_json:
        emit({"live": live.hash, "previous": live.previous, "mlflow_version": version, "seconds": round(seconds, 3)})
        return
    out = console()
    out.print(f"{name} answers from release {live.hash[:12]} again, after {seconds:.1f} s (MLflow version {version}).")
    out.print(f"[dim]{(live.previous or '')[:12]} stays loaded; the next new release goes live as always.[/]")
