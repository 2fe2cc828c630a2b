"""`recsys status`: the server, and what is live."""

from __future__ import annotations

from typing import Any

from recsys_assets.cli.output import Json, console, emit, sentences, table
from resources.home import Home


def status(as_json: Json = False) -> None:
    """Show the Triton server of this home and the releases that answer."""
    home = Home.from_environment()
    with sentences(as_json):
        from resources.configured import configured

        triton = configured(home).triton
        state = triton.status()
        addresses = {
            "http_url": state.http_url if state else triton.http_address,
            "grpc_url": state.grpc_url if state else triton.address,
        }
        releases = {name: _live(name, home, triton) for name in _names(home)}
        if as_json:
            emit({"running": bool(addresses["grpc_url"]), **addresses, "home": home.root, "releases": releases})
            return
        out = console()
        if addresses["grpc_url"]:
            out.print(f"Triton  http {addresses['http_url']}  grpc {addresses['grpc_url']}")
        else:
            out.print("Triton does not run; `recsys recommend NAME --user ID` starts it.")
        rows = [
            (
                name,
                (found["live"] or "-")[:12],
                found["created"] or "",
                found["last_day"] or "",
                found["kept"],
            )
            for name, found in releases.items()
        ]
        header = ["recommender", "live release", "built", "trained until", "releases kept"]
        out.print(table(f"Releases under {home.root}", header, rows))
        for name, found in releases.items():
            if found["silent"]:
                out.print(f"[yellow]{name} does not answer: {found['silent']}[/]", soft_wrap=True)


def _names(home: Home) -> list[str]:
    return sorted(path.name for path in home.releases.glob("*") if path.is_dir())


def _silence(name: str, triton: Any) -> str | None:
    """Why a recommender that was live does not answer; None where none was, or no server runs."""
    silent = triton.silent(name)
    if silent is None or (triton.address is None and triton.status() is None):
        return None
    back = f"; `recsys rollback {name}` goes back to {silent.previous[:12]}" if silent.previous else ""
    reason = triton.why_silent(silent).partition("\n")[0].strip().rstrip(".")  # without where in the code
    return f"{reason or 'it is being loaded'}{back}."


def _live(name: str, home: Home, triton: Any) -> dict[str, Any]:
    from serving.manifest import Manifest

    live = triton.live(name)
    kept = [path for path in (home.releases / name).iterdir() if (path / "manifest.json").exists()]
    values = {"live": None, "previous": None, "created": None, "last_day": None, "kept": len(kept), "silent": None}
    if live is None:
        return {**values, "silent": _silence(name, triton)}
    manifest = Manifest.load(home.release(name, live.hash) / "manifest.json")
    days = manifest.metadata.continued or manifest.metadata.fitted
    return {
        **values,
        "live": live.hash,
        "previous": live.previous,
        "created": manifest.created,
        "last_day": days.last if days else None,
    }
