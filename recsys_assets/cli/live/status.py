"""`recsys status`: the server, and what is live."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.markup import escape

from recsys_assets.cli.terminal.output import Json, console, emit, sentences, table
from recsys_assets.lookup.decided import told
from recsys_assets.lookup.names import released
from resources.home import Home


def status(as_json: Json = False) -> None:
    """Show the Triton server of this home and the releases that answer."""
    home = Home.from_environment()
    with sentences(as_json):
        from recsys_assets.lookup.status_report import status_report
        from resources.configured import configured

        triton = configured(home).triton
        state = triton.status()
        addresses = {
            "http_url": triton.http_address,
            "grpc_url": state.grpc_url if state else triton.address,
        }
        releases = {name: status_report(name, home, triton) for name in released(home)}
        if as_json:
            emit({"running": bool(addresses["grpc_url"]), **addresses, "home": home.root, "releases": releases})
            return
        out = console()
        if addresses["grpc_url"]:
            named = {"http": addresses["http_url"], "grpc": addresses["grpc_url"]}
            out.print("Triton" + "".join(f"  {kind} {address}" for kind, address in named.items() if address))
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
            _notes(name, found, out)


def _notes(name: str, found: dict[str, Any], out: Console) -> None:
    if found["candidate"]:
        shares = [f"answers {found['canary']:.1%} of users"] if found["canary"] else []
        shares += [f"is shown {found['shadow']:.1%} of requests"] if found["shadow"] else []
        out.print(f"{name}: release {found['candidate'][:12]} is being tried, and {' and '.join(shares)}.")
    if found["candidate_problem"]:
        problem = escape(found["candidate_problem"].rstrip("."))
        out.print(
            f"[yellow]{name}: it is not loaded, so {found['live'][:12]} answers in its place: {problem}; "
            f"`recsys rollout {name} --end` takes it away.[/]",
            soft_wrap=True,
        )
    for sentence in told(name, found):
        out.print(f"{name}: {escape(sentence)}", soft_wrap=True)
    if found["silent"]:
        out.print(f"[yellow]{name} does not answer: {escape(found['silent'])}[/]", soft_wrap=True)
    if found["problem"]:
        out.print(f"[yellow]{name} answers, but cannot be loaded again: {escape(found['problem'])}[/]", soft_wrap=True)
