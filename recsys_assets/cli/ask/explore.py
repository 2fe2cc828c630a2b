"""`recsys explore`: a page that shows how a user's list comes about."""

from __future__ import annotations

from typing import Annotated

import typer

from recsys_assets.cli.terminal.output import console, sentences
from resources.home import Home

Port = Annotated[int | None, typer.Option(min=1, max=65535, help="Port on this machine; a free one by default.")]


def explore(name: str, port: Port = None) -> None:
    """Serve a page for NAME: pick a user, and see the list go through the four stages."""
    home, out = Home.from_environment(), console()
    with sentences(False):
        from recsys_assets.explore.explorer import Explorer
        from recsys_assets.explore.server import listen, serve
        from resources.configured import configured
        from resources.environment import quiet_libraries

        quiet_libraries()
        triton = configured(home).triton
        explorer = Explorer(home, name, triton)
        explorer.people.check()
        with listen(port) as listening:
            from recsys_assets.explore.page import Page

            with out.status("opening the live release ..."):
                triton.target()  # starts the server where it does not run
                release = explorer.followed.current().release
            out.print(f"{name}, release [bold]{release.hash[:12]}[/]; end with Ctrl-C")
            serve(Page(explorer).app(), listening, lambda address: out.print(f"[bold]{address}[/]"))
